import { type ClipboardEvent, type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/button";
import { Input } from "@/ui/field";
import { useComplaint } from "../editing";
import { AddButton } from "./add-button";
import { ComplaintText } from "./complaint";
import type { ListProps } from "./list-control";

/** One line each. Enter begins another, and what is pasted with line breaks becomes several. */
export function TextList({ path, value, list, disabled, onChange }: ListProps) {
  const { t } = useTranslation();
  const rows = useRef<HTMLUListElement>(null);
  const focus = (at: number) =>
    requestAnimationFrame(() => rows.current?.querySelectorAll("input")[Math.max(at, 0)]?.focus());
  const put = (at: number, count: number, ...texts: string[]) => onChange(list.toSpliced(at, count, ...texts));
  const add = (at: number) => {
    put(at, 0, "");
    focus(at);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>, at: number) => {
    if (event.key === "Enter") {
      event.preventDefault();
      add(at + 1);
    } else if (event.key === "Backspace" && event.currentTarget.value === "") {
      event.preventDefault();
      put(at, 1);
      focus(at - 1);
    }
  };
  const onPaste = (event: ClipboardEvent<HTMLInputElement>, at: number) => {
    const lines = event.clipboardData
      .getData("text")
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    put(at, event.currentTarget.value === "" ? 1 : 0, ...lines);
  };
  return (
    <>
      {list.length > 0 && (
        <ul ref={rows} className="grid gap-1.5">
          {list.map((text, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place only
            <li key={at}>
              <TextLine
                path={`${path}[${at}]`}
                label={t("settings.entry_n", { n: at + 1 })}
                text={String(text)}
                disabled={disabled}
                onChange={(next) => put(at, 1, next)}
                onRemove={() => put(at, 1)}
                onKeyDown={(event) => onKeyDown(event, at)}
                onPaste={(event) => onPaste(event, at)}
              />
            </li>
          ))}
        </ul>
      )}
      <div className="flex items-center gap-4 empty:hidden">
        {list.length === 0 && (
          <span className="text-muted">{t(value === undefined ? "settings.source_default" : "settings.none")}</span>
        )}
        {!disabled && <AddButton onClick={() => add(list.length)} />}
      </div>
    </>
  );
}

interface TextLineProps {
  path: string;
  label: string;
  text: string;
  disabled: boolean;
  onChange: (text: string) => void;
  onRemove: () => void;
  onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => void;
  onPaste: (event: ClipboardEvent<HTMLInputElement>) => void;
}

function TextLine({ path, label, text, disabled, onChange, onRemove, ...keys }: TextLineProps) {
  const { t } = useTranslation();
  const complaint = useComplaint(path);
  return (
    <>
      <span className="flex items-center gap-1">
        <Input
          aria-label={label}
          aria-invalid={complaint ? true : undefined}
          className="font-mono text-sm"
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          value={text}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
          {...keys}
        />
        {!disabled && (
          <IconButton icon="close" label={t("settings.remove_entry", { entry: label })} onClick={onRemove} />
        )}
      </span>
      {complaint && (
        <p className="mt-1 text-sm text-danger">
          <ComplaintText complaint={complaint} onTake={onChange} />
        </p>
      )}
    </>
  );
}
