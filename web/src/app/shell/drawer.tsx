// The side bar on a phone: slides in from the start of the line and takes the focus.
import { Dialog as Radix } from "radix-ui";
import { useTranslation } from "react-i18next";
import { useFocusReturn } from "@/ui/use-focus-return";
import { SideBar } from "./side-bar";

interface DrawerProps {
  onClose: () => void;
  onSearch: () => void;
}

export default function Drawer({ onClose, onSearch }: DrawerProps) {
  const { t } = useTranslation();
  const returnFocus = useFocusReturn();
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <div data-scrim="" className="fixed inset-0 z-50 bg-scrim">
          <Radix.Content
            onCloseAutoFocus={returnFocus}
            aria-describedby={undefined}
            className="slide-in h-full w-72 max-w-[85vw] bg-bg shadow-pop outline-none [--slide-from:-24px] rtl:[--slide-from:24px]"
          >
            <Radix.Title className="sr-only">{t("shell.main_navigation")}</Radix.Title>
            <SideBar onSearch={onSearch} />
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  );
}
