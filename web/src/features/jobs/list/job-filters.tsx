// What narrows the jobs down: a part of the board, and who, where and what.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useCan, useMe } from "@/app/me";
import { type JobsSearch, jobStates } from "@/app/search";
import { peopleQuery } from "@/features/vault/queries";
import { useFormat } from "@/i18n/format";
import { Field, Input, Select } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { SearchField } from "@/ui/search-field";
import { useTyped } from "@/ui/use-typed";
import { queuesQuery, slotsQuery } from "../queries";
import { WideChoice } from "../wide-choice";
import { type Part, parts, statesOf, withPart } from "./filter";

interface JobFiltersProps {
  search: JobsSearch;
  onChange: (search: JobsSearch) => void;
}

export function JobFilters({ search, onChange }: JobFiltersProps) {
  const { t } = useTranslation();
  const set = (part: Partial<JobsSearch>) => onChange({ ...search, ...part });
  const queues = useQuery(queuesQuery).data ?? [];
  const machines = useQuery(slotsQuery).data ?? [];
  const states = search.part ? statesOf[search.part] : jobStates;
  return (
    <search className="grid gap-3 border-b border-line p-4">
      <Parts part={search.part} onChange={(part) => onChange(withPart(search, part))} />
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <SearchField
          label={t("jobs.search")}
          value={search.search ?? ""}
          onChange={(text) => set({ search: text || undefined })}
          className="min-w-0 flex-1 basis-48 sm:min-w-60"
        />
        {states.length > 1 && (
          <Pick
            label={t("machines.state")}
            any={t("jobs.any_state")}
            value={search.state}
            options={states.map((state) => ({ value: state, label: t(`jobs.state.${state}`) }))}
            onPick={(state) => set({ state: jobStates.find((one) => one === state) })}
          />
        )}
        {(queues.length > 1 || search.queue) && (
          <Pick
            label={t("jobs.queue")}
            any={t("jobs.any_queue")}
            value={search.queue}
            options={queues.map(({ name }) => ({ value: name, label: name }))}
            onPick={(queue) => set({ queue })}
          />
        )}
        {(machines.length > 1 || search.machine) && (
          <Pick
            label={t("commands.machine")}
            any={t("jobs.any_machine")}
            value={search.machine}
            options={machines.map(({ machine_id, name }) => ({ value: machine_id, label: name }))}
            onPick={(machine) => set({ machine })}
          />
        )}
        <LabelFilter value={search.label ?? ""} onChange={(label) => set({ label: label || undefined })} />
        <OwnerPick owner={search.owner} onPick={(owner) => set({ owner })} />
      </div>
    </search>
  );
}

/** With how many there are of each now. */
function Parts({ part, onChange }: { part: Part | undefined; onChange: (part: Part | undefined) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const queues = useQuery(queuesQuery).data;
  const sum = (of: "under_way" | "waiting" | "held") => queues?.reduce((all, queue) => all + queue[of], 0) ?? 0;
  const counts: Record<Part, number> = { under_way: sum("under_way"), waiting: sum("waiting") + sum("held"), ended: 0 };
  const named = (one: Part) => {
    const name = t(`jobs.part.${one}`);
    return counts[one] > 0 ? `${name} ${format.number(counts[one])}` : name;
  };
  return (
    <WideChoice
      label={t("jobs.parts")}
      value={part ?? "all"}
      options={[
        { value: "all", label: t("jobs.part.all") },
        ...parts.map((one) => ({ value: one as string, label: named(one) })),
      ]}
      onChange={(value) => onChange(parts.find((one) => one === value))}
    />
  );
}

/** Oneself first; others as far as one may know of them. */
export function OwnerPick({
  owner,
  onPick,
}: {
  owner: string | undefined;
  onPick: (owner: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const { user } = useMe();
  const people = useQuery({ ...peopleQuery, enabled: useCan("users.read") }).data ?? [];
  const others = people.filter(({ id }) => id !== user.id).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Pick
      label={t("commands.actor")}
      any={t("jobs.anybody")}
      value={owner}
      options={[{ value: user.id, label: t("jobs.me") }, ...others]}
      onPick={onPick}
    />
  );
}

interface PickProps {
  label: string;
  any: string;
  value: string | undefined;
  options: { value: string; label: string }[];
  onPick: (value: string | undefined) => void;
}

export function Pick({ label, any, value, options, onPick }: PickProps) {
  // What is asked for but not offered is shown all the same.
  const isStrange = value !== undefined && !options.some((one) => one.value === value);
  return (
    <Field label={label} hideLabel className="min-w-32 flex-1 basis-32 sm:min-w-36 sm:max-w-44">
      <Select value={value ?? ""} onChange={(event) => onPick(event.target.value || undefined)}>
        <option value="">{any}</option>
        {isStrange && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </Select>
    </Field>
  );
}

const PAUSE_MS = 350;

/** A pair; a key alone is one whose value is empty. */
const PAIR = /^[A-Za-z0-9._/-]{1,63}=[A-Za-z0-9._/-]{0,63}$/;
const asTyped = (label: string) => label.replace(/=$/, "");

/** Asks once what is typed is a label. */
function LabelFilter({ value, onChange }: { value: string; onChange: (label: string) => void }) {
  const { t } = useTranslation();
  const { text, setText, told } = useTyped(asTyped(value));
  const typed = text.trim();
  const asked = typed === "" || typed.includes("=") ? typed : `${typed}=`;
  const isFit = asked === "" || PAIR.test(asked);

  useEffect(() => {
    if (asked === value || !isFit) return undefined;
    const timer = setTimeout(() => {
      told(asTyped(asked));
      onChange(asked);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, value, isFit, told, onChange]);

  return (
    <Field
      label={t("jobs.label_filter")}
      hideLabel
      error={!isFit && t("jobs.fault.pair")}
      className="min-w-0 flex-1 basis-36 sm:max-w-52"
    >
      <span className="relative block">
        <Icon name="tag" className="pointer-events-none absolute inset-y-0 start-3 my-auto size-4 text-faint" />
        <Input
          code
          type="search"
          maxLength={128}
          placeholder="env=prod"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="pl-9 in-[[dir=rtl]]:pr-9 in-[[dir=rtl]]:pl-3"
        />
      </span>
    </Field>
  );
}
