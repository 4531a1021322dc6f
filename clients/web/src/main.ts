/** Puts the page together: join screen, call, call screen, and the way back after a reload. */

import "./styles/main.css";
import { App } from "./app";
import { parseSettings, withoutSurprises } from "./settings";

const root = document.getElementById("app");
if (root) {
  const settings = parseSettings(new URL(location.href));
  void new App(root, withoutSurprises(settings, location.hostname, navigator.webdriver)).start();
}
