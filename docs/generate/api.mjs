/** The API of each entry point as Markdown, made by TypeDoc from the docstrings and grouped by subject. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Application, Comment, CommentTag, Converter, ReflectionKind } from "typedoc";
import { root } from "../.vitepress/repository.mjs";
import { ENTRY_POINTS } from "./program.mjs";

/** Subjects by the path of the source, most special path first; shown in the order of {@link ORDER}. */
const SUBJECTS = [
  [/core\/arguments\/|node\/compression|core\/schema\//, "Types of values"],
  [/core\/connection\/(limits|options)|server-limits|-options|options\.ts/, "Options"],
  [/core\/errors\//, "Errors"],
  [/core\/command\//, "Commands"],
  [/core\/calls\//, "Calls"],
  [/core\/serving\//, "Responders"],
  [/reconnecting/, "Reconnecting"],
  [/heartbeat|liveness/, "Connections"],
  [/features\/protocol-change|node\/tls|certificates/, "TLS and protocol switches"],
  [/descriptor/, "File descriptors"],
  [/core\/wire\//, "Boxes"],
  [/observer|diagnostics/, "Monitoring"],
  [/core\/transport|carriers|stream-transport|platform/, "Transports"],
  [/testing\//, "Testing"],
  [/node\/|websocket\/|core\/connection|complete-connection|core\/features/, "Connections"],
];

const ORDER = [
  "Connections",
  "Commands",
  "Types of values",
  "Calls",
  "Responders",
  "Options",
  "TLS and protocol switches",
  "Reconnecting",
  "Errors",
  "File descriptors",
  "Boxes",
  "Monitoring",
  "Transports",
  "Testing",
  "Others",
];

/**
 * @param {string} folder
 * @throws {Error} if TypeDoc reports a problem
 */
export async function writeAPI(folder) {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: [...ENTRY_POINTS.values()].map((file) => join(root, file)),
    tsconfig: join(root, "tsconfig.build.json"),
    basePath: join(root, "src"),
    plugin: ["typedoc-plugin-markdown"],
    name: "ampwire",
    readme: "none",
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    hideGenerator: true,
    groupOrder: ORDER,
    sort: ["kind", "source-order"],
    kindSortOrder: ["Function", "Class", "Variable", "Interface", "TypeAlias", "Reference"],
    logLevel: "Warn",
    validation: { invalidLink: true, invalidPath: true, notExported: false, notDocumented: false },
    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    ...markdownOptions,
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const child of project.getReflectionsByKind(ReflectionKind.All)) group(project, child);
    for (const module of project.getReflectionsByKind(ReflectionKind.Module))
      module.name = entryPointOf(module.name);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc cannot read the sources");
  app.validate(project);
  await app.outputs.writeOutput({ name: "markdown", path: folder }, project);
  for (const name of ENTRY_POINTS.keys()) shorten(join(folder, `${name}.md`));
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error("TypeDoc reported the problems above");
}

/** @param {string} module name that TypeDoc makes from the path, for example `websocket/client` */
function entryPointOf(module) {
  const path = module === "index" ? "src/index.ts" : `src/${module}/index.ts`;
  const [name] = [...ENTRY_POINTS].find(([, file]) => file === path) ?? [];
  if (name === undefined) throw new Error(`docs/generate/api.mjs knows no entry point ${module}`);
  return name;
}

/**
 * Removes what no reader of a page needs: constructors that a class inherits, and where each member is inherited from.
 * Anchors become those of their headings, in the syntax of VitePress.
 * @param {string} file
 */
function shorten(file) {
  const text = readFileSync(file, "utf8")
    .replace(/^#### Constructors\n(?:(?!^####? |^\*\*\*).)*/gms, (section) =>
      section.includes("###### Inherited from") ? "" : section,
    )
    .replace(/^<a id="([^"]+)"><\/a>\n\n(#+ .*)$/gm, "$2 {#$1}")
    .replace(/^#+ (Inherited from|Overrides|Implementation of)\n\n.*\n\n?/gm, "")
    .replace(/^#+ Extended by\n\n(- .*\n)+\n?/gm, "")
    .replace(
      /^## (.*)$/gm,
      (_, subject) => `## ${subject} {#subject-${subject.toLowerCase().replaceAll(" ", "-")}}`,
    )
    // Parts such as "Parameters" are no sections of their own; members are the only ones below an export.
    .replace(/^#{4,6} ([^{\n]+)$/gm, "**$1**")
    .replace(/^#{5,6} /gm, "#### ");
  writeFileSync(file, `---\neditLink: false\nlastUpdated: false\noutline: [2, 3]\n---\n\n${text}`);
}

/** Options of typedoc-plugin-markdown. */
const markdownOptions = {
  router: "module",
  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  expandObjects: false,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  enumMembersFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
};

/**
 * Puts an export of a module into the group of its subject.
 * @param {import("typedoc").ProjectReflection} project
 * @param {import("typedoc").Reflection} reflection
 */
function group(project, reflection) {
  if (!reflection.parent?.kindOf(ReflectionKind.Module) || reflection.isReference()) return;
  const file = relative(root, project.getSymbolIdFromReflection(reflection)?.fileName ?? "");
  const [, subject = "Others"] = SUBJECTS.find(([pattern]) => pattern.test(file)) ?? [];
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: subject }]));
}
