/** A repair of ts-mls 1.6.4, made while it is bundled: it refuses trees that RFC 9420 allows. */

import type { Plugin } from "vite";

/**
 * RFC 9420 section 7.9.2 asks of each unmerged leaf of a parent node that the non-blank nodes
 * between the two list it too. ts-mls compares whole lists instead, up to the root, so that
 * nobody can join a group any more in which one node has an unmerged leaf that another lacks.
 */
const BROKEN = `                if (tree[nodeIndex]?.nodeType !== "leaf" && !dp.includes(toNodeIndex(i)))
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves))`;

const MENDED = `                if (tree[nodeIndex]?.nodeType !== "leaf" || !dp.includes(toNodeIndex(i)))
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp.slice(0, dp.indexOf(toNodeIndex(i)))) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!dpNode.parent.unmergedLeaves.includes(unmergedLeaf))`;

export function mendTsMls(): Plugin {
  return {
    name: "mend-ts-mls",
    transform(code, id) {
      if (!id.includes("/ts-mls/dist/src/clientState.js")) {
        return null;
      }
      const mended = code.replace(BROKEN, MENDED);
      if (mended === code) {
        throw new Error("ts-mls is not the version that tools/mend-ts-mls.ts mends.");
      }
      return { code: mended, map: null };
    },
  };
}
