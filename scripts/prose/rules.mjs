/**
 * The rules of the project's prose. A line that matches a rule fails the check. A warning also matches correct
 * sentences, so it is only counted.
 *
 * @typedef {object} Rule
 * @property {string} name what the rule forbids, printed with each match
 * @property {RegExp} pattern tested against one line of prose
 * @property {import("./extract.mjs").Kind} [kind] limits the rule to lines of this kind
 */

/** @type {readonly Rule[]} */
export const rules = [
  { name: "indefinite actor: name the peer, the server, the caller", pattern: /\bwho(m|se)?(so)?ever\b/i },
  { name: "begin a docstring with a noun or a verb", pattern: /^(Who|Whom|What) (?!.*\?)/, kind: "comment" },
  {
    name: "negate the verb, not the complement",
    pattern: /(?<!there )\b(is|are|was|were) none\b(?! of)/i,
  },
  {
    name: "negate the verb, not the noun",
    pattern:
      /\b(that|which|what|it|this|these|one) (is|are|was|were) no (?!longer|more\b|one\b|way|need|other|reason|later|less)/,
  },
  {
    name: "begin an example with 'for example'",
    pattern:
      /(?<!not)(?<!may)(?<!to) say,(?! and)|, say(?=$|[.):]| )(?! (nothing|what|which|that|so|it|how|where|why|"|`))/,
  },
  {
    name: "code is called or receives; it does not listen or talk",
    pattern: /\bhear[sd]? of\b|\btells? of\b|\btold of\b|\bis told to `/i,
  },
  {
    name: "old idiom",
    pattern:
      /\b(in silence|in vain|at one go|anew|for ever|afresh|said aloud|of old|for want of|lets up|had best|signs? of life|(be|is) had)\b/,
  },
  { name: "a certificate is trusted or issued by a CA", pattern: /\bvouch\w*/i },
  { name: "picture for joined or inserted bytes", pattern: /\b(glued?|drip\w*|slip(s|ped)? in)\b/i },
  { name: "a connection is upgraded to TLS", pattern: /\bturn\w*( \w+){0,3} to TLS\b/i },
  { name: "put the actor first, not an 'of' phrase", pattern: /(?:^|[.;:] )Of (?!course\b)/ },
  {
    name: "metaphor",
    pattern:
      /\b(choreograph\w*|[Tt]he (rooms|door)|[Rr]oom of|deaf|stragglers?|as a play|life from death|hear[sd]? out|in the hands of|way of the data)\b/,
  },
  {
    name: "a condition takes 'if', 'when' or 'unless'",
    pattern:
      /\bwhere (nothing|there|nobody|none|no) (is|are|was|has|have|can|may|does)\b|\bwhere (it|that|one|they) (is|are|does|has|may) (not|no|known|wanted|asked|given|said)\b/i,
  },
  {
    name: "picture of standing: write what is or follows",
    pattern: /\b(stands|stood)\b(?! for)|\bstand (in|there|alone|as|between|beside)\b/i,
  },
  {
    name: "bytes are parsed, read or treated as something",
    pattern:
      /\b(take|takes|took|taken)\b( [\w`'-]+){0,4} for (a|an|boxes|the|what|its|AMP|one|another)\b|\btaken for\b/,
  },
];

/** @type {readonly Rule[]} */
export const warnings = [
  { name: "indefinite actor: name it", pattern: /\b(some|no|every|any)body\b/i },
  { name: "archaic preposition: 'next to' or 'in addition to'", pattern: /\bbeside\b/i },
  { name: "picture of a place: 'after'", pattern: /\bbehind (it|the|a|an|them|its|which)\b/i },
  { name: "idiom: 'continues'", pattern: /\b(go|goes|going|went) on\b(?! to\b)/ },
  { name: "person's verb: code requires or needs", pattern: /\bwant(s|ed)? (no|an|none)\b|\bwants\b/i },
  { name: "person's verb: code checks or reads", pattern: /\blook(s|ed)? whether\b|\blooked at\b/i },
  {
    name: "a test title is a sentence",
    pattern: /^(and|of|by|to|also|but|so|the same|that|whose|who|what|where)\b/,
    kind: "title",
  },
];
