/** Making elements. Text goes in as text only; there is no way to pass markup. */

type Listener = (event: Event) => void;

export interface Properties {
  readonly class?: string;
  readonly id?: string;
  readonly type?: string;
  readonly title?: string;
  /** Attributes by name; false and undefined leave one out, true is an empty one. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: Readonly<Record<string, Listener>>;
}

export type Child = Node | string | null;

/** A new element with these properties and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const name of ["class", "id", "type", "title"] as const) {
    setAttribute(element, name, properties[name]);
  }
  for (const [name, value] of Object.entries(properties.attributes ?? {})) {
    setAttribute(element, name, value);
  }
  for (const [name, listener] of Object.entries(properties.on ?? {})) {
    element.addEventListener(name, listener);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set an attribute, or remove it for false and undefined; touches the page only on a change. */
export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | undefined,
): void {
  if (value === undefined || value === false) {
    element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) {
    element.setAttribute(name, text);
  }
}

/** Set the text, without disturbing a reader when it is the same. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Give an element exactly these children, in this order, moving as few as possible. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) {
    if (!wanted.has(child)) {
      child.remove();
    }
  }
  children.forEach((child, index) => {
    const there = parent.children[index] ?? null;
    if (there !== child) {
      parent.insertBefore(child, there);
    }
  });
}
