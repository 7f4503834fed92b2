// The operations beside the page, by tag and by what they are about.
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { basics } from "./basics";
import { type Group, humanise, type Operation } from "./document";
import { MethodBadge } from "./method-badge";

interface NavigationProps {
  groups: Group[];
  /** The basics are left out while somebody searches. */
  searching: boolean;
  here: string;
  onGo: (id: string) => void;
}

export function Navigation({ groups, searching, here, onGo }: NavigationProps) {
  const { t } = useTranslation("docs");
  const tagName = useTagName();
  const groupName = useGroupName();
  const tags = [...new Set(groups.map(({ tag }) => tag))];
  return (
    <nav aria-label={t("docs.navigation")} className="grid gap-6 px-3 pt-2 pb-8 text-sm">
      {!searching && (
        <div>
          <p className={tagLook}>{t("docs.basics")}</p>
          <ul>
            {basics.map((name) => (
              <li key={name}>
                <Anchor id={name} here={here} onGo={onGo}>
                  {t(`docs.${words[name]}.title`)}
                </Anchor>
              </li>
            ))}
          </ul>
        </div>
      )}
      {tags.map((tag) => (
        <div key={tag}>
          <p className={tagLook}>{tagName(tag)}</p>
          {groups
            .filter((group) => group.tag === tag)
            .map((group) => (
              <div key={group.id} className="mb-3 last:mb-0">
                <p className="px-2 pt-1 pb-0.5 font-medium">{groupName(group)}</p>
                <ul>
                  {group.operations.map((operation) => (
                    <li key={operation.id}>
                      <OperationAnchor operation={operation} here={here} onGo={onGo} />
                    </li>
                  ))}
                </ul>
              </div>
            ))}
        </div>
      ))}
    </nav>
  );
}

const tagLook = "px-2 pb-1 text-xs font-medium text-faint";
const words = { authentication: "auth", problems: "problems", "live-feed": "live" } as const;

interface AnchorProps {
  id: string;
  here: string;
  onGo: (id: string) => void;
  children: ReactNode;
}

function Anchor({ id, here, onGo, children }: AnchorProps) {
  const place = useRef<HTMLAnchorElement>(null);
  const isHere = here === id;
  // A long list brings the place where somebody is into sight.
  useEffect(() => {
    if (isHere) place.current?.scrollIntoView({ block: "nearest" });
  }, [isHere]);
  return (
    <Link
      ref={place}
      to="/docs"
      hash={id}
      resetScroll={false}
      hashScrollIntoView={false}
      preload={false}
      activeProps={{ "aria-current": undefined }}
      aria-current={isHere ? "location" : undefined}
      onClick={() => onGo(id)}
      className="flex min-h-8 items-center gap-2 rounded-md px-2 py-1 text-muted outline-offset-[-2px] transition-colors hover:bg-raised hover:text-ink aria-[current=location]:bg-accent-soft aria-[current=location]:font-medium aria-[current=location]:text-ink pointer-coarse:min-h-11"
    >
      {children}
    </Link>
  );
}

function OperationAnchor({ operation, ...rest }: { operation: Operation } & Omit<AnchorProps, "id" | "children">) {
  return (
    <Anchor id={operation.id} {...rest}>
      <bdi lang="en" className="min-w-0 flex-1">
        {operation.title}
      </bdi>
      <MethodBadge operation={operation} small />
    </Anchor>
  );
}

/** Known names in the language of the page; a new one as the document calls it. */
export function useTagName() {
  const { t, i18n } = useTranslation("docs");
  return (tag: string) =>
    i18n.exists(`docs.tag.${tag}`, { ns: "docs" }) ? t(`docs.tag.${tag}` as "docs.tag.audit") : humanise(tag);
}

export function useGroupName() {
  const { t, i18n } = useTranslation("docs");
  return ({ name }: Group) =>
    i18n.exists(`docs.group.${name}`, { ns: "docs" }) ? t(`docs.group.${name}` as "docs.group.audit") : humanise(name);
}
