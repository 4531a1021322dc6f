"""How clients ask for things; everything here ends in a call on rooms."""
