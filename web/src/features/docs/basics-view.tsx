// What holds for every operation: who is asking, what a failure looks like, how news arrives.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import { Card } from "@/ui/page";
import { type Basic, basics } from "./basics";
import { CodeBlock } from "./code-block";
import { exampleOf } from "./example";
import { Disclosure, Example, Part } from "./operation-view";
import { useReference } from "./reference";
import { languages, sampleOf } from "./request";
import { SchemaView } from "./schema-view";
import { StatusBadge } from "./try-it";

interface BasicsProps {
  open: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

const parts = {
  authentication: ["auth", Authentication],
  problems: ["problems", Problems],
  "live-feed": ["live", LiveFeed],
} as const satisfies Record<Basic, readonly [string, () => ReactNode]>;

export function Basics({ open, onToggle }: BasicsProps) {
  const { t } = useTranslation("docs");
  return (
    <section aria-labelledby="basics">
      <h2 id="basics" className="mb-3 text-lg font-semibold">
        {t("docs.basics")}
      </h2>
      <Card className="divide-y divide-line">
        {basics.map((name) => {
          const [words, Content] = parts[name];
          const line = (
            <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3 gap-y-0.5">
              <span className="font-medium">{t(`docs.${words}.title`)}</span>
              <span className="text-sm text-muted">{t(`docs.${words}.summary`)}</span>
            </span>
          );
          return (
            <Disclosure key={name} id={name} open={open.has(name)} onToggle={() => onToggle(name)} line={line}>
              <div className="grid gap-5 px-4 py-5 sm:px-5">
                <Content />
              </div>
            </Disclosure>
          );
        })}
      </Card>
    </section>
  );
}

function Authentication() {
  const { t } = useTranslation("docs");
  const { me } = useReference();
  return (
    <>
      <div className="grid gap-x-6 gap-y-5 @3xl:grid-cols-3">
        <Way title={t("docs.auth.session")} text={t("docs.auth.session_text")} code="X-Diwan-Csrf: 1" />
        <Way
          title={t("docs.auth.access")}
          text={t("docs.auth.access_text")}
          code="Authorization: Bearer ACCESS_TOKEN"
        />
        <Way title={t("docs.auth.token")} text={t("docs.auth.token_text")} code="Authorization: Bearer dwn_…" />
      </div>
      <CodeBlock
        heading="curl"
        text={`export DIWAN_TOKEN=dwn_…\ncurl -H "Authorization: Bearer $DIWAN_TOKEN" '${location.origin}${apiBase}/me'`}
      />
      <p className="max-w-prose text-muted">
        {t("docs.auth.permissions")}{" "}
        {me && (
          <Link to="/profile/tokens" className="text-accent underline underline-offset-2">
            {t("docs.auth.make_token")}
          </Link>
        )}
      </p>
    </>
  );
}

function Way({ title, text, code }: { title: string; text: string; code: string }) {
  return (
    <section className="grid content-start gap-2">
      <h4 className="font-medium">{title}</h4>
      <p className="text-sm text-muted">{text}</p>
      <code
        dir="ltr"
        className="rounded-md border border-line bg-bg px-3 py-2 font-mono text-xs wrap-anywhere @3xl:mt-auto"
      >
        {code}
      </code>
    </section>
  );
}

const statuses = [400, 401, 403, 404, 409, 413, 415, 422, 429, 500] as const;

function Problems() {
  const { t } = useTranslation("docs");
  const { schemas } = useReference();
  const problem = { $ref: "#/components/schemas/Problem" };
  const example = {
    ...(exampleOf(problem, schemas, { side: "response", least: true }) as object),
    type: "about:blank",
    status: 422,
    code: "fields_invalid",
    title: "Some fields are not valid",
    detail: "email: This is not an e-mail address.",
    next: "Correct the named fields and send the request again.",
    request_id: "req_01jb2x7k3mf8q9v4n6t5c0wzra",
    errors: [{ field: "email", code: "email_invalid", message: "This is not an e-mail address." }],
  };
  return (
    <>
      <p className="max-w-prose text-muted">{t("docs.problems.text")}</p>
      <div className="grid gap-x-8 gap-y-6 @3xl:grid-cols-2">
        <Part title="Problem" note="application/problem+json">
          <SchemaView schema={problem} />
        </Part>
        <div className="grid content-start gap-6">
          <Part title={t("docs.problems.statuses")}>
            <dl className="grid gap-2">
              {statuses.map((status) => (
                <div key={status} className="flex items-baseline gap-3 text-sm">
                  <dt>
                    <StatusBadge status={String(status)} />
                  </dt>
                  <dd className="text-muted">{t(`docs.problems.s${status}`)}</dd>
                </div>
              ))}
            </dl>
          </Part>
          <Example title="422" value={example} />
        </div>
      </div>
    </>
  );
}

function LiveFeed() {
  const { t } = useTranslation("docs");
  const { live, show } = useReference();
  return (
    <>
      <p className="max-w-prose text-muted">{t("docs.live.text")}</p>
      {live && (
        <>
          <div className="grid gap-4 @3xl:grid-cols-2">
            {languages
              .filter((language) => language !== "curl")
              .map((language) => (
                <CodeBlock
                  key={language}
                  heading={language === "python" ? "Python" : "JavaScript"}
                  text={sampleOf(live, { values: {}, body: "" }, location.origin, language)}
                />
              ))}
          </div>
          <p>
            <Link
              to="/docs"
              hash={live.id}
              resetScroll={false}
              hashScrollIntoView={false}
              preload={false}
              onClick={() => show(live.id)}
              className="text-accent underline underline-offset-2"
            >
              {t("docs.live.open")}
            </Link>
          </p>
        </>
      )}
    </>
  );
}
