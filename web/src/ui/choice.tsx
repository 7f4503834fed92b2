// One of a few, side by side: the browser's own radio buttons, so arrow keys and screen readers know them.
import { useId } from "react";
import { cx } from "./cx";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  disabled?: boolean;
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, disabled, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset disabled={disabled} className="flex rounded-md border border-line bg-raised p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            "grid min-h-7 place-items-center rounded-sm px-2.5 text-sm transition-colors pointer-coarse:min-h-10 pointer-coarse:px-3.5",
            "has-focus-visible:outline-2 has-focus-visible:outline-(--focus)",
            disabled ? "cursor-not-allowed" : "cursor-pointer",
            option.value === value
              ? "bg-surface font-medium text-ink"
              : cx("text-muted", !disabled && "hover:text-ink"),
          )}
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
