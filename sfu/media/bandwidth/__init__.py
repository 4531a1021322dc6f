"""How much each path carries: feedback given and feedback taken."""
