import type { ComponentProps } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

type Look = "primary" | "secondary" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-line bg-surface text-ink hover:bg-raised hover:border-edge/50",
  quiet: "text-muted hover:bg-raised hover:text-ink",
  danger: "bg-danger text-on-danger hover:opacity-90",
};

export function buttonLook(look: Look = "secondary", size: "md" | "sm" = "md") {
  return cx(
    "inline-flex items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap select-none",
    "transition-colors disabled:cursor-not-allowed disabled:opacity-55",
    size === "md"
      ? "min-h-9 px-3.5 text-base pointer-coarse:min-h-11"
      : "min-h-8 px-2.5 text-sm pointer-coarse:min-h-10",
    looks[look],
  );
}

interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: "md" | "sm";
  icon?: IconName;
  /** Shows that the action runs; the button keeps focus but does nothing until it ends. */
  busy?: boolean;
}

export function Button({
  look,
  size,
  icon,
  busy,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cx(buttonLook(look, size), busy && "cursor-progress", className)}
      {...rest}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  icon: IconName;
  label: string;
}

export function IconButton({ icon, label, className, type = "button", ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(
        "inline-grid size-9 shrink-0 place-items-center rounded-md text-muted transition-colors hover:bg-raised hover:text-ink disabled:opacity-55 pointer-coarse:size-11",
        className,
      )}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="spin size-4 shrink-0 rounded-full border-2 border-current border-e-transparent"
    />
  );
}
