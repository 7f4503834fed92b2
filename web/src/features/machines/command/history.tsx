// The commands there were, newest first, with what narrows them down.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/me";
import { type CommandsSearch, commandStates } from "@/app/search";
import { Checkbox, Field, Select } from "@/ui/field";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { EmptyState } from "@/ui/states";
import { commandsQuery } from "../queries";
import { CommandTable } from "./command-table";

interface HistoryProps {
  search: CommandsSearch;
  withMachine: boolean;
  onChange: (part: Pick<CommandsSearch, "state" | "actor">) => void;
}

export function History({ search, withMachine, onChange }: HistoryProps) {
  const { t } = useTranslation();
  const { user } = useMe();
  const commands = useInfiniteQuery({ ...commandsQuery(search), placeholderData: (before) => before });
  const filtered = Boolean(search.state || search.actor);
  return (
    <>
      <search className="flex flex-wrap items-center gap-x-5 gap-y-2 border-b border-line p-4">
        <Field label={t("machines.state")} hideLabel className="min-w-44">
          <Select
            value={search.state ?? ""}
            onChange={(event) => onChange({ state: commandStates.find((one) => one === event.target.value) })}
          >
            <option value="">{t("commands.any_state")}</option>
            {commandStates.map((state) => (
              <option key={state} value={state}>
                {t(`commands.state.${state}`)}
              </option>
            ))}
          </Select>
        </Field>
        <Checkbox
          label={t("commands.mine_only")}
          checked={search.actor === user.id}
          onChange={(event) => onChange({ actor: event.target.checked ? user.id : undefined })}
        />
      </search>
      <ListState
        query={commands}
        rows={4}
        empty={
          <EmptyState icon="terminal" title={t(filtered ? "commands.nothing_found" : "commands.empty")}>
            {t(filtered ? "commands.nothing_found_text" : "commands.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <CommandTable commands={items} withMachine={withMachine} />}
      </ListState>
      <LoadMore query={commands} />
    </>
  );
}
