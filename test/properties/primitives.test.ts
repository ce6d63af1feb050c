import { holds } from "../support/properties.ts";

// Each run checks a thousand values.
for (const name of ["floats", "integers", "dates", "decimals", "texts", "bytes"])
  holds(`primitives, ${name}`, 20);
