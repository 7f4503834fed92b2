// How a command is run: how long a machine is waited for, how long the program may take, and whether it reads.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import { More } from "@/ui/more";
import { type Kind, mannerOf } from "./draft";

export interface Manner {
  waitS: number;
  timeoutS: string;
  hasInput: boolean;
  retrySafe: boolean;
}

export const usualManner: Manner = { waitS: 0, timeoutS: "", hasInput: false, retrySafe: false };
const waits = [0, 300, 3600, 86_400];
const LONGEST_S = 7 * 24 * 60 * 60;

export function isMannerFit({ timeoutS }: Manner): boolean {
  const text = timeoutS.trim();
  return text === "" || (/^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= LONGEST_S);
}

/** As the server is told; what the kind of operation cannot be told is left away. */
export function mannerBody({ waitS, timeoutS, hasInput, retrySafe }: Manner, kind: string) {
  const { isTimed, takesInput } = mannerOf(kind);
  return {
    retry_safe: retrySafe,
    has_input: takesInput && hasInput,
    ...(waitS > 0 ? { wait_s: waitS } : {}),
    ...(isTimed && timeoutS.trim() ? { timeout_ms: Number(timeoutS.trim()) * 1000 } : {}),
  };
}

interface MannerFieldsProps {
  manner: Manner;
  kind: Kind;
  /** Input goes to one program at a time. */
  mayHaveInput: boolean;
  onChange: (manner: Manner) => void;
}

export function MannerFields({ manner, kind, mayHaveInput, onChange }: MannerFieldsProps) {
  const { isTimed, takesInput } = mannerOf(kind);
  const { t } = useTranslation();
  const format = useFormat();
  const set = (part: Partial<Manner>) => onChange({ ...manner, ...part });
  return (
    <More label={t("commands.manner.title")}>
      <div className="grid gap-3 pt-2 text-base">
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t("commands.manner.wait")} hint={t("commands.manner.wait_hint")}>
            <Select value={manner.waitS} onChange={(event) => set({ waitS: Number(event.target.value) })}>
              {waits.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds === 0 ? t("commands.manner.no_wait") : format.duration(seconds)}
                </option>
              ))}
            </Select>
          </Field>
          {isTimed && (
            <Field
              label={t("commands.manner.timeout")}
              optional
              hint={t("commands.manner.timeout_hint")}
              error={!isMannerFit(manner) && t("form.range", { least: 1, most: format.number(LONGEST_S) })}
            >
              <Input
                code
                inputMode="numeric"
                maxLength={6}
                value={manner.timeoutS}
                onChange={(event) => set({ timeoutS: event.target.value })}
              />
            </Field>
          )}
        </div>
        {takesInput && mayHaveInput && (
          <Checkbox
            label={t("commands.manner.input")}
            hint={t("commands.manner.input_hint")}
            checked={manner.hasInput}
            onChange={(event) => set({ hasInput: event.target.checked })}
          />
        )}
        <Checkbox
          label={t("commands.manner.retry_safe")}
          hint={t("commands.manner.retry_safe_hint")}
          checked={manner.retrySafe}
          onChange={(event) => set({ retrySafe: event.target.checked })}
        />
      </div>
    </More>
  );
}
