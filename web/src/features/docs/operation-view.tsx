// One operation: a line that names it, and below it, once opened, everything about calling it.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Permission } from "@/api/types";
import { Badge } from "@/ui/badge";
import { CopyButton } from "@/ui/copy-button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { CodeBlock } from "./code-block";
import { bodyOf, needsSignIn, type Operation, type Parameter } from "./document";
import { English } from "./english";
import { exampleOf } from "./example";
import { MethodBadge } from "./method-badge";
import { type Reference, useReference } from "./reference";
import { type Filled, isJson } from "./request";
import { goodAnswers, Responses } from "./responses";
import { Samples } from "./samples";
import { FieldList, SchemaView } from "./schema-view";
import { treeOf } from "./tree";
import { TryIt } from "./try-it";

interface LineProps {
  id: string;
  open: boolean;
  onToggle: () => void;
  line: ReactNode;
  children: ReactNode;
}

/** A heading that opens what stands below it. Its id is the page's address of it. */
export function Disclosure({ id, open, onToggle, line, children }: LineProps) {
  return (
    <article id={id} className="scroll-mt-34 lg:scroll-mt-20">
      <h3>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={`${id}-content`}
          onClick={onToggle}
          className={cx(
            "flex w-full items-center gap-3 px-4 py-3 text-start outline-offset-[-3px] transition-colors hover:bg-raised/60 sm:px-5",
            open && "bg-raised/60",
          )}
        >
          {line}
          <Icon name="down" className={cx("ms-auto size-4 text-faint transition-transform", open && "rotate-180")} />
        </button>
      </h3>
      <div id={`${id}-content`} hidden={!open} className="border-t border-line">
        {open && children}
      </div>
    </article>
  );
}

interface OperationProps {
  operation: Operation;
  open: boolean;
  onToggle: () => void;
}

export function OperationView({ operation, open, onToggle }: OperationProps) {
  const line = (
    <>
      <MethodBadge operation={operation} />
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <bdi lang="en" className={cx("font-medium", operation.deprecated && "line-through")}>
          {operation.title}
        </bdi>
        <bdi dir="ltr" className="min-w-0 font-mono text-xs text-muted wrap-anywhere">
          {operation.path}
        </bdi>
      </span>
    </>
  );
  return (
    <Disclosure id={operation.id} open={open} onToggle={onToggle} line={line}>
      <Content operation={operation} />
    </Disclosure>
  );
}

function Content({ operation }: { operation: Operation }) {
  const { t } = useTranslation("docs");
  const reference = useReference();
  const [filled, setFilled] = useState<Filled>(() => firstFilled(operation, reference));
  const body = bodyOf(operation);
  const [good] = goodAnswers(operation, reference.document);
  const answer = Object.entries(good?.[1].content ?? {}).find(([type, { schema }]) => isJson(type) && schema);
  return (
    <div className="grid gap-x-8 gap-y-7 px-4 py-5 sm:px-5 @3xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div className="grid content-start gap-6">
        <div className="grid gap-3">
          {operation.summary && <English text={operation.summary} className="rtl:text-end" />}
          {operation.description && <English text={operation.description} className="text-muted rtl:text-end" />}
          <Needs operation={operation} />
        </div>
        <ParameterList parameters={operation.parameters} />
        {body && (
          <Part title={t("docs.operation.body")} note={body.types.join(", ")}>
            {body.schema ? (
              <SchemaView schema={body.schema} />
            ) : (
              <p className="text-sm text-muted">{t("docs.schema.file", { type: body.types.join(", ") })}</p>
            )}
          </Part>
        )}
        <Part title={t("docs.operation.responses")}>
          <Responses operation={operation} />
        </Part>
      </div>
      <div className="grid min-w-0 content-start gap-6">
        <Part title={t("docs.operation.code")}>
          <Samples operation={operation} filled={filled} />
        </Part>
        {body?.schema && isJson(body.type) && (
          <Example
            title={t("docs.operation.body")}
            value={exampleOf(body.schema, reference.schemas, { side: "request" })}
          />
        )}
        {good && answer?.[1].schema && (
          <Example
            title={good[0]}
            value={answer[1].example ?? exampleOf(answer[1].schema, reference.schemas, { side: "response" })}
          />
        )}
        <Part title={t("docs.operation.try")}>
          <TryIt
            operation={operation}
            filled={filled}
            onFill={setFilled}
            onReset={() => setFilled(firstFilled(operation, reference))}
          />
        </Part>
      </div>
    </div>
  );
}

/** Ready to be sent as far as possible: only what must be there, with examples in the body. */
function firstFilled(operation: Operation, { schemas }: Reference): Filled {
  const body = bodyOf(operation);
  const json = body?.schema && isJson(body.type);
  return {
    values: {},
    body: json ? JSON.stringify(exampleOf(body.schema ?? {}, schemas, { side: "request", least: true }), null, 2) : "",
  };
}

function Needs({ operation }: { operation: Operation }) {
  const { t } = useTranslation("docs");
  const { me } = useReference();
  const name = operation["x-permission"];
  const signIn = needsSignIn(operation);
  const granted = me && name ? me.permissions.includes(name as Permission) : null;
  return (
    <ul className="flex flex-wrap items-center gap-1.5">
      <li>
        {signIn && name ? (
          <Badge tone={granted === null ? "plain" : granted ? "ok" : "warn"}>
            <Icon name={granted ? "check" : "lock"} className="size-3.5" />
            <span>
              {t("docs.operation.permission")}{" "}
              <code dir="ltr" className="font-mono">
                {name}
              </code>
            </span>
            {granted !== null && (
              <span className="sr-only">{t(granted ? "docs.operation.granted" : "docs.operation.not_granted")}</span>
            )}
          </Badge>
        ) : (
          !signIn && <Badge>{t("docs.operation.open_to_all")}</Badge>
        )}
      </li>
      {operation["x-step-up"] && (
        <li>
          <Badge tone="warn">
            <Icon name="shield-check" className="size-3.5" />
            {t("docs.operation.step_up")}
          </Badge>
        </li>
      )}
      {operation["x-socket"] && (
        <li>
          <Badge tone="accent">{t("docs.operation.socket")}</Badge>
        </li>
      )}
      {operation["x-time-limit-s"] && (
        <li>
          <Badge>
            <Icon name="clock" className="size-3.5" />
            {t("docs.operation.time_limit", { seconds: operation["x-time-limit-s"] })}
          </Badge>
        </li>
      )}
      {operation.deprecated && (
        <li>
          <Badge tone="warn">{t("docs.operation.deprecated")}</Badge>
        </li>
      )}
      <li className="ms-auto">
        <CopyLink id={operation.id} />
      </li>
    </ul>
  );
}

function CopyLink({ id }: { id: string }) {
  const { t } = useTranslation("docs");
  return <CopyButton icon="link" name={t("docs.operation.link")} text={`${location.origin}/docs#${id}`} />;
}

const places = ["path", "query", "header", "cookie"] as const;

function ParameterList({ parameters }: { parameters: Parameter[] }) {
  const { t } = useTranslation("docs");
  const { schemas } = useReference();
  if (parameters.length === 0) return null;
  return (
    <Part title={t("docs.operation.parameters")}>
      <div className="grid gap-3">
        {places.map((place) => {
          const here = parameters.filter((one) => one.in === place);
          if (here.length === 0) return null;
          const nodes = here.map((parameter) => ({
            ...treeOf(parameter.schema ?? {}, schemas),
            name: parameter.name,
            required: parameter.required ?? false,
            description: parameter.description ?? treeOf(parameter.schema ?? {}, schemas).description,
          }));
          return (
            <div key={place} className="grid gap-1.5">
              <p className="text-xs text-muted">{t(`docs.place.${place}`)}</p>
              <FieldList nodes={nodes} />
            </div>
          );
        })}
      </div>
    </Part>
  );
}

interface PartProps {
  title: string;
  note?: string;
  children: ReactNode;
}

export function Part({ title, note, children }: PartProps) {
  return (
    <section className="grid min-w-0 content-start gap-2.5">
      <div className="flex flex-wrap items-baseline gap-x-2.5">
        <h4 className="font-medium">{title}</h4>
        {note && (
          <code dir="ltr" className="font-mono text-xs text-faint">
            {note}
          </code>
        )}
      </div>
      {children}
    </section>
  );
}

export function Example({ title, value }: { title: string; value: unknown }) {
  const { t } = useTranslation("docs");
  return <CodeBlock heading={t("docs.schema.example_of", { name: title })} text={JSON.stringify(value, null, 2)} />;
}
