// The command palette: a dialog with one field and a list that follows it (the combobox pattern).
import { useQuery } from "@tanstack/react-query";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { Scrim } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Kbd } from "@/ui/kbd";
import { useFocusReturn } from "@/ui/use-focus-return";
import { peopleMatching } from "./people-matching";
import { type Command, useCommands } from "./use-commands";

interface PaletteProps {
  onClose: () => void;
  onShortcuts: () => void;
}

export default function Palette({ onClose, onShortcuts }: PaletteProps) {
  const { t } = useTranslation();
  const listId = useId();
  const returnFocus = useFocusReturn();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { commands, personCommand, mayReadPeople } = useCommands(onShortcuts);
  const asked = useDeferredValue(text.trim());
  const people = useQuery({ ...peopleMatching(asked), enabled: mayReadPeople && asked.length >= 2 });
  const found = [...commands.filter((one) => matches(one, text)), ...(people.data ?? []).map(personCommand)];
  const groups = (["places", "actions", "people"] as const).filter((group) => found.some((one) => one.group === group));
  const active = Math.min(at, found.length - 1);

  function run(command: Command | undefined) {
    if (!command) return;
    onClose();
    command.run();
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      event.preventDefault();
      const next = (active + step + found.length) % found.length;
      setAt(next);
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(found[active]);
    }
  }

  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Scrim>
          <Radix.Content
            onCloseAutoFocus={returnFocus}
            aria-describedby={undefined}
            className="appear w-full max-w-xl self-start overflow-hidden rounded-xl bg-surface shadow-pop outline-none sm:mt-[12vh]"
          >
            <Radix.Title className="sr-only">{t("palette.title")}</Radix.Title>
            <div className="flex items-center gap-3 border-b border-line px-4">
              <Icon name="search" className="text-faint" />
              <input
                role="combobox"
                aria-expanded="true"
                aria-controls={listId}
                aria-activedescendant={found.length > 0 ? `${listId}-${active}` : undefined}
                aria-label={t("palette.title")}
                placeholder={t("palette.placeholder")}
                dir="auto"
                value={text}
                onChange={(event) => {
                  setText(event.target.value);
                  setAt(0);
                }}
                onKeyDown={onKeyDown}
                className="min-h-13 w-full bg-transparent text-lg outline-none placeholder:text-faint"
              />
              <Kbd keys="Esc" />
            </div>
            <div
              id={listId}
              role="listbox"
              aria-label={t("palette.results")}
              className="max-h-[50vh] overflow-y-auto p-2"
            >
              {groups.map((group) => (
                // biome-ignore lint/a11y/useSemanticElements: a group of options in a list box; there is no element for it
                <div key={group} role="group" aria-label={t(`palette.group.${group}`)}>
                  <p aria-hidden="true" className="px-3 pt-2 pb-1 text-xs text-faint">
                    {t(`palette.group.${group}`)}
                  </p>
                  {found.map((command, index) =>
                    command.group === group ? (
                      <Option
                        key={command.id}
                        id={`${listId}-${index}`}
                        command={command}
                        active={index === active}
                        onRun={() => run(command)}
                        onPoint={() => setAt(index)}
                      />
                    ) : null,
                  )}
                </div>
              ))}
            </div>
            <p role="status" className={cx(found.length > 0 ? "sr-only" : "px-4 pb-6 text-center text-muted")}>
              {found.length > 0 ? t("palette.count", { count: found.length }) : t("palette.nothing", { text })}
            </p>
          </Radix.Content>
        </Scrim>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  active: boolean;
  onRun: () => void;
  onPoint: () => void;
}

function Option({ id, command, active, onRun, onPoint }: OptionProps) {
  return (
    <button
      type="button"
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      onClick={onRun}
      onPointerMove={onPoint}
      className={cx(
        "flex min-h-10 w-full items-center gap-3 rounded-md px-3 text-start pointer-coarse:min-h-11",
        active && "bg-accent-soft",
      )}
    >
      <Icon name={command.icon} className={active ? "text-accent" : "text-faint"} />
      <bdi className="min-w-0 flex-1 truncate">{command.label}</bdi>
      {command.hint && <bdi className="max-w-1/2 truncate text-sm text-faint">{command.hint}</bdi>}
      {command.keys && <Kbd keys={command.keys} />}
    </button>
  );
}

function matches(command: Command, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const target = `${command.label} ${command.hint ?? ""} ${command.id}`.toLowerCase();
  return words.every((word) => target.includes(word));
}
