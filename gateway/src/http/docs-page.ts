import { createHash } from 'node:crypto';

/** The readable side of the OpenAPI document: one page, made once, that loads nothing. */
export interface DocsPage {
  html: string;
  /** Allows its one style by its hash, and nothing else. */
  policy: string;
}

interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  format?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}
interface Operation {
  tags: string[];
  summary: string;
  description?: string;
  parameters?: { in: string; name: string; required?: boolean; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: JsonSchema }> }>;
}
interface Document {
  info: { title: string; description: string };
  tags: { name: string }[];
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

const STYLE = `
:root{color-scheme:light dark;--ground:#f8f7f4;--card:#fff;--ink:#22211e;--soft:#66635c;--line:#e3e0d8;--accent:#2f5bd0;--code:#f1efe9}
@media(prefers-color-scheme:dark){:root{--ground:#191816;--card:#22211e;--ink:#ecebe6;--soft:#a5a199;--line:#37352f;--accent:#8fb0ff;--code:#2b2a26}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
.frame{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:2.5rem;max-width:70rem;margin:0 auto;padding:2rem 1.5rem 6rem}
nav{position:sticky;top:2rem;align-self:start;max-height:calc(100vh - 4rem);overflow:auto;font-size:.875rem}
nav ul{list-style:none;margin:0 0 1rem;padding:0}
nav a{display:block;padding:.2rem 0;color:var(--soft);text-decoration:none}
nav a:hover,nav a:focus-visible{color:var(--accent)}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.25rem;margin:3rem 0 1rem}
h3{font-size:1rem;margin:0;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}
p{margin:.5rem 0;max-width:65ch}
a{color:var(--accent)}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:0 0 1rem;scroll-margin-top:1rem}
code{font:.875em ui-monospace,monospace;background:var(--code);border-radius:4px;padding:.1em .35em;overflow-wrap:break-word}
.method{font:600 .75rem ui-monospace,monospace;letter-spacing:.04em;color:var(--accent);min-width:3.6rem}
.path{background:none;padding:0;font-size:.95rem}
.soft{color:var(--soft);font-size:.875rem}
table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line)}
th{font-weight:600;color:var(--soft);border-top:0}
summary{cursor:pointer;color:var(--soft);font-size:.875rem;padding:.35rem 0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
@media(max-width:48rem){.frame{grid-template-columns:1fr;gap:1rem;padding:1.25rem 1rem 4rem}nav{position:static;max-height:none}}
`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** Words with `code` in backticks. */
const prose = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
const idOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

export function renderDocsPage(openApi: Record<string, unknown>): DocsPage {
  const document = openApi as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const anchorOf = (entry: { method: string; path: string }) => idOf(`${entry.method} ${entry.path}`);
  const sections = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return {
      nav: `<strong>${escape(name)}</strong><ul>${own.map((entry) => `<li><a href="#${anchorOf(entry)}">${escape(entry.operation.summary)}</a></li>`).join('')}</ul>`,
      body: `<section aria-labelledby="${idOf(name)}"><h2 id="${idOf(name)}">${escape(name)}</h2>${own.map((entry) => renderOperation(entry, anchorOf(entry))).join('')}</section>`,
    };
  });
  const schemas = Object.entries(document.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)} API</title><style>${STYLE}</style></head><body><div class="frame">
<nav aria-label="Contents">${sections.map((section) => section.nav).join('')}<strong><a href="#shapes">Shapes</a></strong></nav>
<main><h1>${escape(document.info.title)} API</h1>
<p>${prose(document.info.description)}</p>
<p>Send <code>Authorization: Bearer &lt;token&gt;</code> with a personal API token, or the session cookie. Everything is below <code>${escape(document.servers[0]?.url ?? '')}</code>. Any POST may carry an <code>Idempotency-Key</code>: sent again with the same body it changes nothing more and answers the same. Errors are <code>application/problem+json</code> with a <code>code</code>. The same as data: <a href="openapi.json">openapi.json</a>.</p>
${sections.map((section) => section.body).join('')}
<section aria-labelledby="shapes"><h2 id="shapes">Shapes</h2>${schemas.map(([name, schema]) => `<article id="shape-${idOf(name)}"><h3>${escape(name)}</h3>${renderShape(schema)}</article>`).join('')}</section>
</main></div></body></html>`;
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    html,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function renderOperation(
  { path, method, operation }: { path: string; method: string; operation: Operation },
  anchor: string,
): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const rows = parameters.map(
    (parameter) =>
      `<tr><td><code>${escape(parameter.name)}</code></td><td>${renderType(parameter.schema)}</td><td>${parameter.in}${parameter.required ? ', required' : ''}</td></tr>`,
  );
  const answers = Object.entries(responses).map(([status, answer]) => {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    return `<tr><td>${status}</td><td>${prose(answer.description)}</td><td>${schema ? renderType(schema) : ''}</td></tr>`;
  });
  return `<article id="${anchor}"><h3><span class="method">${method}</span><code class="path">${escape(path)}</code></h3>
<p><strong>${escape(summary)}.</strong> ${description ? prose(description) : ''}</p>
${rows.length === 0 ? '' : `<details><summary>Parameters</summary><table><tr><th>Name</th><th>Type</th><th>Where</th></tr>${rows.join('')}</table></details>`}
${body ? `<details><summary>Body</summary>${renderShape(body)}</details>` : ''}
<details><summary>Answers</summary><table><tr><th>Status</th><th>Meaning</th><th>Body</th></tr>${answers.join('')}</table></details></article>`;
}

function renderShape(schema: JsonSchema): string {
  if (schema.properties === undefined) return `<p>${renderType(schema)}</p>`;
  const rows = Object.entries(schema.properties).map(
    ([name, property]) =>
      `<tr><td><code>${escape(name)}</code></td><td>${renderType(property)}</td><td>${schema.required?.includes(name) ? 'required' : ''}</td></tr>`,
  );
  return `<table><tr><th>Field</th><th>Type</th><th></th></tr>${rows.join('')}</table>`;
}

function renderType(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return `<a href="#shape-${idOf(name)}">${escape(name)}</a>`;
  }
  if (schema.enum) return schema.enum.map((value) => `<code>${escape(String(value))}</code>`).join(' ');
  if (schema.const !== undefined) return `<code>${escape(String(schema.const))}</code>`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(renderType).join(' or ');
  if (schema.allOf) return schema.allOf.map(renderType).join(' and ');
  if (schema.type === 'array') return `list of ${schema.items ? renderType(schema.items) : 'anything'}`;
  if (schema.properties) {
    return `{ ${Object.entries(schema.properties)
      .map(
        ([name, property]) => `${escape(name)}${schema.required?.includes(name) ? '' : '?'}: ${renderType(property)}`,
      )
      .join(', ')} }`;
  }
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  const limits = [
    schema.format,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
  ].filter((limit) => limit !== undefined);
  return escape(type) + (limits.length === 0 ? '' : ` <span class="soft">(${escape(limits.join(', '))})</span>`);
}
