import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "./button";
import type { IconName } from "./icon";
import { toast } from "./toast";

interface CopyButtonProps {
  text: string;
  label?: string;
  /** What the button without a label is called, and how it looks, where it copies something special. */
  name?: string;
  icon?: IconName;
}

export function CopyButton({ text, label, name, icon: look = "copy" }: CopyButtonProps) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    if (await writeClipboard(text)) {
      setCopied(true);
      toast(t("common.copied"));
    } else {
      toast(t("common.copy_failed"), "danger");
    }
  }

  const icon = copied ? "check" : look;
  return label ? (
    <Button icon={icon} onClick={copy}>
      {label}
    </Button>
  ) : (
    <IconButton icon={icon} label={name ?? t("common.copy")} onClick={copy} />
  );
}

/** The clipboard exists only on secure origins; the older way still works on a plain-HTTP home network. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const holder = document.createElement("textarea");
    holder.value = text;
    document.activeElement?.after(holder);
    holder.select();
    const done = document.execCommand("copy");
    holder.remove();
    return done;
  }
}
