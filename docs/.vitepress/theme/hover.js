/**
 * Shows the type of a word in a code block: while the pointer is on it, after a touch, or with the keyboard. Enter in a block
 * that has the focus goes to its words, the arrows move between them, and Escape returns to the block. The Tab key does not stop
 * at words, because a page has hundreds.
 */

const WORD = ".twoslash-hover";
const HINT = "Enter shows the types of this code. Arrows move between the words, Escape returns.";

/** @param {EventTarget | null} target @returns {HTMLElement | undefined} the word at the target */
function wordAt(target) {
  const word = target instanceof Element ? target.closest(WORD) : null;
  return word instanceof HTMLElement ? word : undefined;
}

/** @param {EventTarget | null} target @returns {HTMLElement | undefined} the target, if it is a block with types */
function blockAt(target) {
  return target instanceof HTMLPreElement && target.querySelector(WORD) !== null ? target : undefined;
}

/**
 * Returns the word to which a key moves the focus, or undefined if the key has no meaning or there is no such word.
 * @param {HTMLElement} word
 * @param {string} key
 * @returns {HTMLElement | undefined}
 */
function nextWord(word, key) {
  /** @type {HTMLElement[]} */
  const words = [...(word.closest("pre")?.querySelectorAll(WORD) ?? [])];
  const index = words.indexOf(word);
  const line = word.closest(".line");
  const elsewhere = (/** @type {HTMLElement} */ other) => other.closest(".line") !== line;
  switch (key) {
    case "ArrowRight":
      return words[index + 1];
    case "ArrowLeft":
      return words[index - 1];
    case "ArrowDown":
      return words.slice(index).find(elsewhere);
    case "ArrowUp":
      return words.slice(0, index).findLast(elsewhere);
    case "Home":
      return words[0];
    case "End":
      return words.at(-1);
    default:
      return undefined;
  }
}

export function showTypes() {
  const tip = document.createElement("div");
  tip.className = "type-tip";
  tip.id = "type-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  const code = tip.appendChild(document.createElement("code"));
  const docs = tip.appendChild(document.createElement("p"));

  /**
   * @param {HTMLElement} owner word or block
   * @param {string} type
   * @param {string} text
   */
  function show(owner, type, text) {
    code.textContent = type;
    docs.textContent = text;
    tip.hidden = false;
    (owner.closest("main") ?? document.body).append(tip); // text belongs to a landmark of the page
    owner.setAttribute("aria-describedby", tip.id);
    const { left, bottom, top } = owner.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const below = bottom + height < innerHeight;
    tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    tip.style.top = `${below ? bottom + 2 : Math.max(8, top - height - 2)}px`;
  }

  /** @param {HTMLElement} word */
  const showWord = (word) => show(word, word.dataset.type ?? "", word.dataset.docs ?? "");

  function hide() {
    tip.hidden = true;
    for (const owner of document.querySelectorAll(`[aria-describedby="${tip.id}"]`)) {
      owner.removeAttribute("aria-describedby");
    }
  }

  /** Shows the text for the element with the focus, if it is a word or a block that the keyboard has reached. */
  function showFocused() {
    const focused = document.activeElement;
    const word = wordAt(focused);
    const block = blockAt(focused);
    hide();
    if (word !== undefined) showWord(word);
    else if (block?.matches(":focus-visible")) show(block, "", HINT);
  }

  document.addEventListener("pointerover", ({ target }) => {
    const word = wordAt(target);
    hide();
    if (word !== undefined) showWord(word);
  });
  document.addEventListener("focusin", showFocused);
  document.addEventListener("focusout", hide);
  // The focus scrolls its word into view.
  document.addEventListener("scroll", showFocused, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    const word = wordAt(event.target);
    const block = blockAt(event.target);
    if (event.key === "Escape" && word === undefined) hide();
    const next =
      event.key === "Enter" && block !== undefined
        ? block.querySelector(WORD)
        : event.key === "Escape"
          ? word?.closest("pre")
          : word && nextWord(word, event.key);
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    if (next.matches(WORD)) next.tabIndex = -1; // can have the focus, is not a stop of the Tab key
    next.focus();
  });
}
