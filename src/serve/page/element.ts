/**
 * A part of the page that is there.
 * @param type its class, which is checked
 * @param within default: the whole page
 */
export function element<Type extends Element>(
  selector: string,
  type: new () => Type,
  within: ParentNode = document,
): Type {
  const found = within.querySelector(selector);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${selector}.`);
}

/** What a template of the page holds, once more. */
export function fromTemplate(selector: string): HTMLElement {
  const template = element(selector, HTMLTemplateElement);
  return element('*', HTMLElement, template.content).cloneNode(true) as HTMLElement;
}
