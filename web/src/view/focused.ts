/** As a ref: what has just come takes the focus, and not again whenever it is drawn. */
export const focused = (el: HTMLElement | null): void => el?.focus();
