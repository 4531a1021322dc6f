/** Repairs of ts-mls 1.6.4, made while it is bundled; mls-rs agrees with what they make of it. */

import type { Plugin } from "vite";

interface Mend {
  readonly file: string;
  readonly broken: string;
  readonly mended: string;
}

/**
 * RFC 9420 section 7.9.2 asks of each unmerged leaf of a parent node that the non-blank nodes
 * between the two list it too. ts-mls compares whole lists instead, up to the root, so that
 * nobody can join a group any more in which one node has an unmerged leaf that another lacks.
 */
const UNMERGED_LEAVES: Mend = {
  file: "clientState.js",
  broken: `                if (tree[nodeIndex]?.nodeType !== "leaf" && !dp.includes(toNodeIndex(i)))
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves))`,
  mended: `                if (tree[nodeIndex]?.nodeType !== "leaf" || !dp.includes(toNodeIndex(i)))
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp.slice(0, dp.indexOf(toNodeIndex(i)))) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!dpNode.parent.unmergedLeaves.includes(unmergedLeaf))`,
};

/**
 * The commit secret follows the last path secret of the filtered direct path (section 7.4). Where
 * the root is not on that path, because nobody is left in the other half of the tree, ts-mls goes
 * one step too far, and agrees with itself only.
 */
const BLANK_ROOT: Mend = {
  file: "pathSecrets.js",
  broken: `        const nextSecret = await deriveSecret(pathSecrets[currentIndex], "path", kdf);
`,
  mended: `        const nextSecret = tree[nextIndex] === undefined
            ? pathSecrets[currentIndex]
            : await deriveSecret(pathSecrets[currentIndex], "path", kdf);
`,
};

/**
 * Where that path has no node at all, because the committer is alone after the commit, ts-mls takes
 * zeros for the commit secret: whoever was removed could compute the next epoch, and all after it
 * until somebody updates. The leaf's own path secret is the last one then.
 */
const ALONE: readonly Mend[] = [
  {
    file: "updatePath.js",
    broken: "    return [treeWithHashes, updatePath, pathSecrets, leafKeypair.privateKey];",
    mended:
      "    return [treeWithHashes, updatePath, pathSecrets, leafKeypair.privateKey, ps.at(-1)];",
  },
  {
    file: "createCommit.js",
    broken: "    const [tree, updatePath, pathSecrets, newPrivateKey] = res.needsUpdatePath",
    mended:
      "    const [tree, updatePath, pathSecrets, newPrivateKey, ownSecret] = res.needsUpdatePath",
  },
  {
    file: "createCommit.js",
    broken: `    const lastPathSecret = pathSecrets.at(-1);
    const commitSecret = lastPathSecret === undefined
        ? new Uint8Array(cipherSuite.kdf.size)`,
    mended: `    const lastPathSecret = pathSecrets.at(-1) ?? ownSecret;
    const commitSecret = lastPathSecret === undefined
        ? new Uint8Array(cipherSuite.kdf.size)`,
  },
];

const MENDS: readonly Mend[] = [UNMERGED_LEAVES, BLANK_ROOT, ...ALONE];

function mend(code: string, { broken, mended }: Mend): string {
  if (code.split(broken).length !== 2) {
    throw new Error("ts-mls is not the version that tools/mend-ts-mls.ts mends.");
  }
  return code.replace(broken, () => mended);
}

export function mendTsMls(): Plugin {
  return {
    name: "mend-ts-mls",
    transform(code, id) {
      const mends = MENDS.filter(({ file }) => id.includes(`/ts-mls/dist/src/${file}`));
      return mends.length > 0 ? { code: mends.reduce(mend, code), map: null } : null;
    },
  };
}
