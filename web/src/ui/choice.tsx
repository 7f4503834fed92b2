// One of a few, side by side: the browser's own radio buttons, so arrow keys and screen readers know them.
import { useId } from "react";
import { cx } from "./cx";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="flex rounded-md border border-line bg-raised p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            "grid min-h-7 cursor-pointer place-items-center rounded-sm px-2.5 text-sm transition-colors pointer-coarse:min-h-10 pointer-coarse:px-3.5",
            "has-focus-visible:outline-2 has-focus-visible:outline-(--focus)",
            option.value === value ? "bg-surface font-medium text-ink" : "text-muted hover:text-ink",
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
