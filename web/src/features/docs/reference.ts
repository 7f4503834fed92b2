// What every part of the page needs to know, without being told by each parent.
import { createContext, use } from "react";
import type { Me } from "@/api/types";
import type { OpenApi, Operation } from "./document";
import type { Language } from "./request";
import type { Schemas } from "./schema";

export interface Reference {
  document: OpenApi;
  schemas: Schemas;
  /** Nobody, where the page is read without signing in. */
  me: Me | null;
  /** In which language samples are shown, all over the page. */
  language: Language;
  setLanguage: (language: Language) => void;
  /** The operation that opens the live feed, where the document has one. */
  live: Operation | undefined;
  show: (id: string) => void;
}

export const ReferenceContext = createContext<Reference | null>(null);

export function useReference(): Reference {
  const reference = use(ReferenceContext);
  if (!reference) throw new Error("a part of the reference stands outside of it");
  return reference;
}
