// Elements without markup in strings: what events hold stays text.

/** `h('p', { class: 'note', title }, 'text', child)`; a style is an object, set through the CSSOM. */
export function h(tag, properties = {}, ...children) {
  return build(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties = {}, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name === 'style') for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Set text only if it differs: a screen reader would announce the same text again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function byId(id) {
  return document.getElementById(id);
}

/** The value of a custom property, as the theme has it now. */
export function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
