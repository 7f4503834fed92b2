import { useCallback, useEffect, useRef } from "react";
import { Field, Input } from "./field";
import { Icon } from "./icon";
import { useTyped } from "./use-typed";

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  /** What Enter does once the text was told; with Shift, back. */
  onEnter?: (isBack: boolean) => void;
  className?: string;
}

const PAUSE_MS = 250;

/** Tells its text after a short pause in typing, so each letter does not become a request. */
export function SearchField({ label, value, onChange, onEnter, className }: SearchFieldProps) {
  const { text, setText, told } = useTyped(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  const asked = text.trim();
  const tell = useCallback(() => {
    told(asked);
    latest.current(asked);
  }, [told, asked]);

  useEffect(() => {
    if (asked === value) return undefined;
    const timer = setTimeout(tell, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, value, tell]);

  return (
    <Field label={label} hideLabel className={className ?? ""}>
      <span className="relative block">
        <Icon name="search" className="pointer-events-none absolute inset-y-0 start-3 my-auto size-4 text-faint" />
        <Input
          type="search"
          placeholder={label}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !onEnter || event.nativeEvent.isComposing) return;
            event.preventDefault();
            if (asked === value) onEnter(event.shiftKey);
            else tell();
          }}
          // The icon stands where the page begins, whatever direction the typed text has.
          className="pl-9 in-[[dir=rtl]]:pr-9 in-[[dir=rtl]]:pl-3"
        />
      </span>
    </Field>
  );
}
