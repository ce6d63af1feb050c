/** Shows the type of a word in a code block while the pointer is on it, or after a touch. */

export function showTypes() {
  const tip = document.createElement("div");
  tip.className = "type-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  const code = tip.appendChild(document.createElement("code"));
  const docs = tip.appendChild(document.createElement("p"));
  document.body.append(tip);

  /** @param {HTMLElement} word */
  function show(word) {
    code.textContent = word.dataset.type ?? "";
    docs.textContent = word.dataset.docs ?? "";
    tip.hidden = false;
    const { left, bottom, top } = word.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const below = bottom + height < innerHeight;
    tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    tip.style.top = `${below ? bottom + 2 : Math.max(8, top - height - 2)}px`;
  }

  const hide = () => {
    tip.hidden = true;
  };
  document.addEventListener("pointerover", ({ target }) => {
    const word = target instanceof Element ? target.closest(".twoslash-hover") : null;
    if (word instanceof HTMLElement) show(word);
    else hide();
  });
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
}
