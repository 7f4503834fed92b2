// A labelled control: the label, the hint and the error are tied to the input, so a screen reader reads them together.
import { type ComponentProps, createContext, type ReactNode, use, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx";
import { Icon } from "./icon";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: ReactNode;
  optional?: boolean;
  /** Keeps the label for screen readers only, where the place already says what is meant. */
  hideLabel?: boolean;
  className?: string;
  children: ReactNode;
}

const Ids = createContext<{ id: string; describedBy: string | undefined; invalid: boolean } | null>(null);

export function Field({ label, hint, error, optional, hideLabel, className, children }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div className={cx("grid content-start gap-1.5", className)}>
      <label htmlFor={id} className={cx("text-sm font-medium", hideLabel && "sr-only")}>
        {label}
        {/* The space keeps two Arabic words from joining into one. */}
        {optional && <span className="ms-0.5 font-normal text-faint"> {t("common.optional")}</span>}
      </label>
      <Ids value={{ id, describedBy, invalid: Boolean(error) }}>{children}</Ids>
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-faint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-sm text-danger">
          <Icon name="warning" className="mt-0.5 size-4" />
          {error}
        </p>
      )}
    </div>
  );
}

const control = cx(
  "w-full min-w-0 rounded-md border border-edge/70 bg-surface px-3 min-h-9 text-base text-ink placeholder:text-faint pointer-coarse:min-h-11",
  "transition-colors hover:border-edge aria-invalid:border-danger disabled:bg-raised disabled:text-faint",
);

function useControl() {
  const ids = use(Ids);
  return ids ? { id: ids.id, "aria-describedby": ids.describedBy, "aria-invalid": ids.invalid || undefined } : {};
}

interface InputProps extends ComponentProps<"input"> {
  /** Addresses, codes and keys keep their left-to-right order inside Arabic text. */
  code?: boolean;
}

export function Input({ code, className, ...rest }: InputProps) {
  return (
    <input
      {...useControl()}
      {...(code ? { dir: "ltr", spellCheck: false, autoCapitalize: "none", autoCorrect: "off" } : { dir: "auto" })}
      className={cx(control, code && "rtl:text-end", className)}
      {...rest}
    />
  );
}

export function PasswordInput(props: ComponentProps<"input">) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <span className="relative block">
      <Input {...props} code type={shown ? "text" : "password"} className="pe-11 rtl:ps-11 rtl:pe-3" />
      <button
        type="button"
        aria-pressed={shown}
        aria-label={t("common.show_password")}
        title={t("common.show_password")}
        onClick={() => setShown(!shown)}
        className="absolute inset-y-0 end-0 grid w-10 place-items-center rounded-md text-faint hover:text-ink"
      >
        <Icon name={shown ? "eye-off" : "eye"} />
      </button>
    </span>
  );
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea dir="auto" {...useControl()} className={cx(control, "min-h-20 py-2", className)} {...rest} />;
}

export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cx("relative block", className)}>
      <select {...useControl()} className={cx(control, "appearance-none pe-9")} {...rest}>
        {children}
      </select>
      <Icon name="down" className="pointer-events-none absolute inset-y-0 end-3 my-auto size-4 text-faint" />
    </span>
  );
}

interface CheckboxProps extends ComponentProps<"input"> {
  label: ReactNode;
  hint?: ReactNode;
}

export function Checkbox({ label, hint, ...rest }: CheckboxProps) {
  const id = useId();
  return (
    <label className="flex items-start gap-3 py-1">
      <input
        type="checkbox"
        aria-describedby={hint ? id : undefined}
        className="mt-0.5 size-[1.125rem] shrink-0"
        {...rest}
      />
      <span>
        <span className="block">{label}</span>
        {hint && (
          <span id={id} className="block text-sm text-faint">
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}

/** On or off, at once readable as such. The box below it is the browser's own. */
export function Switch(props: ComponentProps<"input"> & { checked: boolean }) {
  return (
    <span className="relative inline-block h-6 w-10 justify-self-start">
      <input
        type="checkbox"
        role="switch"
        aria-checked={props.checked}
        {...useControl()}
        className="peer absolute inset-0 z-1 size-full cursor-pointer opacity-0 disabled:cursor-not-allowed"
        {...props}
      />
      <span
        aria-hidden="true"
        className={cx(
          "absolute inset-0 rounded-full bg-edge transition-colors peer-checked:bg-accent peer-disabled:opacity-55",
          "peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-(--focus)",
        )}
      />
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0.5 start-0.5 size-5 rounded-full bg-surface transition-transform peer-checked:translate-x-4 rtl:peer-checked:-translate-x-4"
      />
    </span>
  );
}
