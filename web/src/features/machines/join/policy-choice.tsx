import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { MachinePolicy } from "@/api/types";
import { cx } from "@/ui/cx";

const policies: MachinePolicy[] = ["standard", "strict", "own_machine"];

interface PolicyChoiceProps {
  value: MachinePolicy;
  onChange: (policy: MachinePolicy) => void;
}

export function PolicyChoice({ value, onChange }: PolicyChoiceProps) {
  const { t } = useTranslation();
  const name = useId();
  return (
    <fieldset>
      <legend className="text-sm font-medium">{t("machines.join.policy")}</legend>
      <p className="mt-0.5 text-sm text-faint">{t("machines.join.policy_hint")}</p>
      <div className="mt-2.5 grid gap-2">
        {policies.map((policy) => (
          <label
            key={policy}
            className={cx(
              "flex cursor-pointer items-start gap-3 rounded-md border px-3.5 py-2.5 transition-colors",
              "has-focus-visible:outline-2 has-focus-visible:outline-(--focus)",
              policy === value ? "border-accent bg-accent-soft" : "border-line hover:border-edge/60",
            )}
          >
            <input
              type="radio"
              name={name}
              checked={policy === value}
              onChange={() => onChange(policy)}
              className="mt-0.5 size-[1.125rem] shrink-0"
            />
            <span>
              <span className="block font-medium">{t(`machines.join.policy_${policy}`)}</span>
              <span className="block text-sm text-muted">{t(`machines.join.policy_${policy}_means`)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
