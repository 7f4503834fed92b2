// What somebody filled in, as the request that is sent and as the code that would send it.
import { bodyOf, needsSignIn, type Operation, type Parameter } from "./document";

export interface Filled {
  /** By the parameter's place and name. */
  values: Record<string, string>;
  body: string;
}

export const keyOf = (parameter: Parameter) => `${parameter.in}:${parameter.name}`;

/** The page's own client sets these with every write. */
export const automatic = (parameter: Parameter) => parameter.in === "header" && parameter.name === "Idempotency-Key";

/** The address with everything that is known; what is missing keeps its place in braces. */
export function addressOf(operation: Operation, { values }: Filled): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const given = values[`path:${name}`];
    return given ? encodeURIComponent(given) : whole;
  });
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    const given = parameter.in === "query" ? values[keyOf(parameter)] : undefined;
    if (given) query.append(parameter.name, given);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export function headersOf(operation: Operation, { values }: Filled): [string, string][] {
  return operation.parameters
    .filter((parameter) => parameter.in === "header" && values[keyOf(parameter)])
    .map((parameter) => [parameter.name, values[keyOf(parameter)] ?? ""]);
}

export function missingOf(operation: Operation, { values }: Filled): Parameter[] {
  return operation.parameters.filter((parameter) => parameter.required && !values[keyOf(parameter)]?.trim());
}

export const languages = ["curl", "javascript", "python"] as const;
export type Language = (typeof languages)[number];

/** The request as a program would send it, with a token from its environment. */
export function sampleOf(operation: Operation, filled: Filled, origin: string, language: Language): string {
  const request: Parts = {
    method: operation.method.toUpperCase(),
    url: `${origin}${addressOf(operation, filled)}`,
    signedIn: needsSignIn(operation),
    headers: headersOf(operation, filled),
    type: bodyOf(operation)?.type,
    body: filled.body,
  };
  if (operation["x-socket"]) return socket(request, language);
  return { curl, javascript, python }[language](request);
}

interface Parts {
  method: string;
  url: string;
  signedIn: boolean;
  headers: [string, string][];
  type: string | undefined;
  body: string;
}

function curl({ method, url, signedIn, headers, type, body }: Parts): string {
  const lines = [method === "GET" ? `curl ${shell(url)}` : `curl -X ${method} ${shell(url)}`];
  if (signedIn) lines.push(`-H "Authorization: Bearer $DIWAN_TOKEN"`);
  for (const [name, text] of headers) lines.push(`-H ${shell(`${name}: ${text}`)}`);
  if (type) lines.push(`-H ${shell(`Content-Type: ${type}`)}`);
  if (type) lines.push(isJson(type) ? `--data ${shell(body)}` : "--data-binary @FILE");
  return lines.join(" \\\n  ");
}

function javascript({ method, url, signedIn, headers, type, body }: Parts): string {
  const inner: string[] = [];
  if (signedIn) inner.push(`Authorization: \`Bearer \${process.env.DIWAN_TOKEN}\``);
  for (const [name, text] of headers) inner.push(`${JSON.stringify(name)}: ${JSON.stringify(text)}`);
  if (type) inner.push(`"Content-Type": ${JSON.stringify(type)}`);
  const options: string[] = [];
  if (method !== "GET") options.push(`method: "${method}"`);
  if (inner.length > 0) options.push(`headers: {\n${inner.map((line) => `    ${line},`).join("\n")}\n  }`);
  if (type) options.push(isJson(type) ? `body: JSON.stringify(${indented(body, "  ")})` : "body: file");
  const tail = options.length > 0 ? `, {\n${options.map((line) => `  ${line},`).join("\n")}\n}` : "";
  return `const response = await fetch(${JSON.stringify(url)}${tail});\nconsole.log(response.status, await response.text());`;
}

function python({ method, url, signedIn, headers, type, body }: Parts): string {
  const inner: string[] = [];
  if (signedIn) inner.push(`"Authorization": f"Bearer {os.environ['DIWAN_TOKEN']}"`);
  for (const [name, text] of headers) inner.push(`${JSON.stringify(name)}: ${JSON.stringify(text)}`);
  if (type) inner.push(`"Content-Type": ${JSON.stringify(type)}`);
  const lines = [JSON.stringify(url)];
  if (inner.length > 0) lines.push(`headers={\n${inner.map((line) => `        ${line},`).join("\n")}\n    }`);
  if (type) lines.push(isJson(type) ? `data=${pythonText(body)}` : `data=open("FILE", "rb")`);
  const imports = [signedIn && "import os", "import requests"].filter(Boolean).join("\n");
  const call = `requests.${method.toLowerCase()}(\n${lines.map((line) => `    ${line},`).join("\n")}\n)`;
  return `${imports}\n\nresponse = ${call}\nprint(response.status_code, response.text)`;
}

function socket({ url }: Parts, language: Language): string {
  const address = url.replace(/^http/, "ws");
  const topics = JSON.stringify({ type: "subscribe", topics: ["me", "sessions"] });
  if (language === "curl") {
    return [
      "curl --http1.1 --no-buffer --include \\",
      '  -H "Connection: Upgrade" -H "Upgrade: websocket" \\',
      '  -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: ZGl3YW4tbGl2ZS1mZWVkIQ==" \\',
      '  -H "Authorization: Bearer $DIWAN_TOKEN" \\',
      `  ${shell(url)}`,
    ].join("\n");
  }
  if (language === "python") {
    return [
      "import json, os",
      "from websockets.sync.client import connect",
      "",
      `token = {"Authorization": f"Bearer {os.environ['DIWAN_TOKEN']}"}`,
      `with connect(${JSON.stringify(address)}, additional_headers=token) as live:`,
      `    live.send(${pythonText(topics)})`,
      "    for text in live:",
      "        message = json.loads(text)",
      `        if message["type"] == "ping":`,
      `            live.send('{"type":"pong"}')`,
      "        else:",
      "            print(message)",
    ].join("\n");
  }
  return [
    "// On a page of this server: the browser sends its session along.",
    `const live = new WebSocket(${JSON.stringify(address)});`,
    `live.onopen = () => live.send(JSON.stringify(${topics}));`,
    "live.onmessage = ({ data }) => {",
    "  const message = JSON.parse(data);",
    `  if (message.type === "ping") live.send(JSON.stringify({ type: "pong" }));`,
    "  else console.log(message);",
    "};",
  ].join("\n");
}

export function isJson(type: string): boolean {
  return /[/+]json\b/.test(type);
}

/** One word for a shell, whatever it holds. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function pythonText(text: string): string {
  return text.includes("\n") && !text.includes('"""') && !text.includes("\\") ? `"""${text}"""` : JSON.stringify(text);
}

function indented(text: string, by: string): string {
  return text.trim().split("\n").join(`\n${by}`) || "null";
}
