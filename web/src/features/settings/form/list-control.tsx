// A list. Texts stand one below the other; maps are cards that open, and can be put in another order.
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/button";
import { useComplaint } from "../editing";
import { emptyOf, kindOf, type Schema } from "../model/schema";
import { useSettingTexts } from "../words";
import { AddButton } from "./add-button";
import { ComplaintText } from "./complaint";
import { Control, type ControlProps } from "./control";
import { Group } from "./group";
import { MapList } from "./map-list";
import { Prose } from "./prose";
import { TextList } from "./text-list";

export function ListControl(props: ControlProps) {
  const { schema, path, value, isTop } = props;
  const texts = useSettingTexts();
  const complaint = useComplaint(path);
  const list = Array.isArray(value) ? value : [];
  const items = schema.items ?? {};
  const kind = kindOf(items);
  const List = kind === "map" ? MapList : kind === "text" ? TextList : OtherList;
  return (
    <Group
      label={texts.name(path)}
      hideLabel={isTop}
      hint={!isTop && <Prose text={texts.about(path, schema.description)} />}
      error={complaint && <ComplaintText complaint={complaint} />}
    >
      <List {...props} items={items} list={list} />
    </Group>
  );
}

export type ListProps = ControlProps & { items: Schema; list: unknown[] };

function OtherList({ items, path, list, disabled, onChange }: ListProps) {
  const { t } = useTranslation();
  return (
    <>
      {list.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an entry is known by its place only
        <div key={at} className="flex items-end gap-1">
          <div className="flex-1">
            <Control
              schema={items}
              path={`${path}[${at}]`}
              value={item}
              disabled={disabled}
              onChange={(next) => onChange(list.with(at, next))}
            />
          </div>
          {!disabled && (
            <IconButton icon="trash" label={t("common.remove")} onClick={() => onChange(list.toSpliced(at, 1))} />
          )}
        </div>
      ))}
      {!disabled && (
        <div>
          <AddButton onClick={() => onChange([...list, emptyOf(items)])} />
        </div>
      )}
    </>
  );
}
