/** Puts the page together: join screen, call, call screen, and the way back after a reload. */

import "./styles/main.css";
import { App } from "./app";
import { parseSettings } from "./settings";

const root = document.getElementById("app");
if (root) {
  void new App(root, parseSettings(new URL(location.href))).start();
}
