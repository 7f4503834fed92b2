// Modal dialogs and side sheets on Radix. The library's own overlay is not used, because it injects a style element
// that the content policy forbids; a plain scrim does the same work, and app.css holds the page still behind it.
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./button";
import { cx } from "./cx";
import { useFocusReturn } from "./use-focus-return";

interface DialogProps {
  open: boolean;
  /** Without it, it closes only by what stands in it: what is shown once is not lost by a key too many. */
  onClose?: () => void;
  title: ReactNode;
  description?: ReactNode;
  /** A sheet stands at the end of the line and has the height of the screen. */
  sheet?: boolean;
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ open, onClose, ...content }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose?.()}>
      <Radix.Portal>
        <Content {...content} closes={onClose !== undefined} />
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ContentProps extends Omit<DialogProps, "open" | "onClose"> {
  closes: boolean;
}

/** Mounted when the dialog opens, so it knows what had the focus then. */
function Content({ title, description, sheet, wide, closes, children }: ContentProps) {
  const { t } = useTranslation();
  const returnFocus = useFocusReturn();
  return (
    <Scrim sheet={sheet}>
      <Radix.Content
        onOpenAutoFocus={toFirstField}
        onCloseAutoFocus={returnFocus}
        {...(description ? {} : { "aria-describedby": undefined })}
        className={cx(
          "flex max-h-full w-full flex-col overflow-hidden bg-surface shadow-pop outline-none",
          sheet ? "slide-in h-full max-w-md rtl:[--slide-from:-24px]" : "appear rounded-xl",
          !sheet && (wide ? "max-w-2xl" : "max-w-md"),
        )}
      >
        <header className="flex items-start gap-3 px-6 pt-5 pb-1">
          <div className="min-w-0 flex-1">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            {description && <Radix.Description className="mt-1 text-muted">{description}</Radix.Description>}
          </div>
          {closes && (
            <Radix.Close asChild>
              <IconButton icon="close" label={t("common.close")} className="-me-2 -mt-1" />
            </Radix.Close>
          )}
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-6 pt-3 pb-6">{children}</div>
      </Radix.Content>
    </Scrim>
  );
}

/** Asked where nothing in the dialog has the focus yet, as above another dialog, which took it back a moment ago. */
function toFirstField(event: Event) {
  const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>(
    ":is(input:not([hidden]), textarea, select):enabled",
  );
  if (!field) return;
  event.preventDefault();
  field.focus();
}

export function Scrim({ sheet, children }: { sheet?: boolean | undefined; children: ReactNode }) {
  return (
    <div
      data-scrim=""
      className={cx(
        "fixed inset-0 z-50 flex bg-scrim",
        sheet ? "justify-end" : "items-end justify-center p-3 sm:items-center sm:p-6",
      )}
    >
      {children}
    </div>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>;
}
