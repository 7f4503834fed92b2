// A drop-down menu on Radix, kept non-modal: the modal kind injects a style element, which the content policy forbids.
// It stays where it is in the document, so it belongs to the landmark of its button.
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

interface MenuProps {
  trigger: ReactNode;
  children: ReactNode;
  side?: "top" | "bottom";
  startOpen?: boolean;
}

export function Menu({ trigger, children, side = "bottom", startOpen = false }: MenuProps) {
  return (
    <Radix.Root modal={false} defaultOpen={startOpen}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Content
        align="end"
        side={side}
        sideOffset={6}
        collisionPadding={12}
        className="appear z-50 min-w-52 rounded-lg border border-line bg-surface p-1 shadow-pop"
      >
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}

interface MenuItemProps {
  icon?: IconName;
  danger?: boolean;
  onSelect: () => void;
  children: ReactNode;
}

export function MenuItem({ icon, danger, onSelect, children }: MenuItemProps) {
  return (
    <Radix.Item
      onSelect={onSelect}
      className={cx(
        "flex min-h-9 items-center gap-2.5 rounded-md px-2.5 outline-none select-none data-highlighted:bg-raised pointer-coarse:min-h-11",
        danger ? "text-danger" : "text-ink",
      )}
    >
      {icon && <Icon name={icon} className={danger ? "" : "text-muted"} />}
      {children}
    </Radix.Item>
  );
}

export function MenuSeparator() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />;
}
