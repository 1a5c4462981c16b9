// What was chosen on this page, theme and carrier, is kept in the browser; nothing else is.

/** What is kept under this name, if it is one of `values`; else the first of them. */
export function kept(name, values) {
  try {
    const value = localStorage.getItem(name);
    return values.includes(value) ? value : values[0];
  } catch {
    return values[0];
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It then lasts until the page is left.
  }
}
