// Fields with their types and limits, as rows that open where there is more inside.
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { EnglishLine } from "./english";
import { useReference } from "./reference";
import type { Schema } from "./schema";
import { type Limit, type Node, treeOf } from "./tree";

export function SchemaView({ schema }: { schema: Schema }) {
  const { schemas } = useReference();
  const root = treeOf(schema, schemas);
  const inside = root.fields.length > 0 || root.choices.length > 0;
  return (
    <div className="overflow-hidden rounded-md border border-line">
      <div className={cx("px-3 py-2.5", inside && "border-b border-line bg-raised/50")}>
        <About node={root} />
      </div>
      {inside && <Inside node={root} depth={0} />}
    </div>
  );
}

/** A list of parameters or headers, in the same form as fields. */
export function FieldList({ nodes }: { nodes: Node[] }) {
  return (
    <div className="overflow-hidden rounded-md border border-line">
      <Rows nodes={nodes} depth={0} />
    </div>
  );
}

function Inside({ node, depth }: { node: Node; depth: number }) {
  const { t } = useTranslation("docs");
  return (
    <>
      {node.fields.length > 0 && <Rows nodes={node.fields} depth={depth} />}
      {node.choices.length > 0 && (
        <>
          <p className="px-3 pt-2.5 text-xs font-medium text-muted">{t("docs.schema.choices")}</p>
          <Rows nodes={node.choices} depth={depth} choices />
        </>
      )}
    </>
  );
}

interface RowsProps {
  nodes: Node[];
  depth: number;
  choices?: boolean;
}

function Rows({ nodes, depth, choices }: RowsProps) {
  return (
    <ul className="divide-y divide-line">
      {nodes.map((node, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a schema does not change while it is shown
        <li key={at}>
          <Row node={node} depth={depth} {...(choices ? { number: at + 1 } : {})} />
        </li>
      ))}
    </ul>
  );
}

function Row({ node, depth, number }: { node: Node; depth: number; number?: number }) {
  const { t } = useTranslation("docs");
  const id = useId();
  // The first choices are open, since their fields are what the reader came for.
  const [open, setOpen] = useState(number !== undefined && depth === 0);
  const inside = node.fields.length > 0 || node.choices.length > 0;
  const name = number === undefined ? node.name : t("docs.schema.choice", { number });
  return (
    <>
      <div className="flex items-start gap-1 px-3 py-2.5">
        <div className="min-w-0 flex-1">
          <About node={node} {...(number === undefined ? {} : { label: name })} />
        </div>
        {inside && (
          <button
            type="button"
            aria-expanded={open}
            aria-controls={id}
            aria-label={t("docs.schema.fields_of", { name: name === "*" ? t("docs.schema.any_key") : name })}
            onClick={() => setOpen(!open)}
            className="-me-1.5 -mt-1 grid size-7 shrink-0 place-items-center rounded-md text-muted hover:bg-raised hover:text-ink pointer-coarse:size-10"
          >
            <Icon name="down" className={cx("size-4 transition-transform", open && "rotate-180")} />
          </button>
        )}
      </div>
      {inside && (
        <div id={id} hidden={!open} className="ms-3 border-s-2 border-line bg-raised/30">
          {open && <Inside node={node} depth={depth + 1} />}
        </div>
      )}
    </>
  );
}

function About({ node, label }: { node: Node; label?: string | undefined }) {
  const { t } = useTranslation("docs");
  return (
    <div className="grid gap-1">
      <div className="flex flex-wrap items-baseline gap-x-2.5 gap-y-0.5">
        {label && <span className="text-sm font-medium">{label}</span>}
        {node.name &&
          (node.name === "*" ? (
            <span className="text-sm font-medium">{t("docs.schema.any_key")}</span>
          ) : (
            <code
              dir="ltr"
              className={cx("font-mono text-sm font-medium wrap-anywhere", node.deprecated && "line-through")}
            >
              {node.name}
            </code>
          ))}
        <code dir="ltr" className="font-mono text-xs text-muted">
          {node.type}
        </code>
        {node.nullable && <Note>{t("docs.schema.nullable")}</Note>}
        {node.name && node.name !== "*" && node.required && (
          <span className="text-xs font-medium text-danger">{t("docs.schema.required")}</span>
        )}
        {node.readOnly && <Note>{t("docs.schema.read_only")}</Note>}
        {node.writeOnly && <Note>{t("docs.schema.write_only")}</Note>}
        {node.deprecated && <Note>{t("docs.operation.deprecated")}</Note>}
        {node.recursive && <Note>{t("docs.schema.recursive")}</Note>}
      </div>
      {node.description && <EnglishLine text={node.description} className="max-w-prose text-sm text-muted" />}
      {node.limits.length > 0 && (
        <ul className="flex flex-wrap gap-x-3 gap-y-1 pt-0.5">
          {node.limits.map((limit) => (
            <li key={limit.kind} className="flex min-w-0 flex-wrap items-baseline gap-1 text-xs text-faint">
              <OneLimit limit={limit} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Note({ children }: { children: ReactNode }) {
  return <span className="text-xs text-faint">{children}</span>;
}

function OneLimit({ limit }: { limit: Limit }) {
  const { t } = useTranslation("docs");
  return (
    <>
      {t(`docs.limit.${limit.kind}`)}
      {limit.kind !== "unique" &&
        limit.kind !== "closed" &&
        limit.value.map((value) => (
          <code key={value} dir="ltr" className="rounded-sm bg-raised px-1 font-mono text-muted wrap-anywhere">
            {value === "" ? '""' : value}
          </code>
        ))}
    </>
  );
}
