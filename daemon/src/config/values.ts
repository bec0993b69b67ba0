import { z } from "zod/v3";

/** What an unsigned integer of libvirt's files holds. */
const UINT_MAX = 4294967295;

export const text = z.string().min(1);

export const atLeast = (least: number) => z.number().int().min(least).max(UINT_MAX);

/** 0 or 1 in the file. */
export const flag = z
  .number()
  .refine((value) => value === 0 || value === 1, { message: "must be 0 or 1" })
  .transform((value) => value === 1);

export const absolutePath = z.string().startsWith("/", { message: "must be an absolute path" });

export const names = z.array(z.string());

/** A number in quotes, as libvirt's files have it. */
export const port = z
  .string()
  .regex(/^\d{1,5}$/, { message: 'must be a number of a port in quotes, such as "16514"' })
  .transform(Number)
  .refine((number) => number < 65536, { message: "must be less than 65536" });

/** Permissions are text in octal, as in libvirt's own files. */
export const permissions = z
  .string()
  .regex(/^0?[0-7]{3}$/, { message: 'must be permissions in octal, such as "0770"' })
  .transform((octal) => Number.parseInt(octal, 8));
