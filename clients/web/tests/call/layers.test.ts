/** Each browser is asked for the layers that it knows. */

import { describe, expect, it } from "vitest";
import {
  chooseEncoding,
  forwardedCodecs,
  preferCodec,
  sealableCodecs,
  sealableWish,
} from "../../src/call/layers";

const FREE = { codec: null, scalabilityMode: null };

describe("the encoding", () => {
  it("is VP9 in three spatial layers where the browser knows them", () => {
    const { codec, parameters } = chooseEncoding("camera", FREE, true);
    expect(codec).toBe("vp9");
    expect(parameters).toEqual({ maxBitrate: 2_500_000, scalabilityMode: "L3T3_KEY" });
  });

  it("is the browser's own where it does not", () => {
    const { codec, parameters } = chooseEncoding("camera", FREE, false);
    expect(codec).toBeNull();
    expect(parameters).toEqual({ maxBitrate: 2_500_000 });
  });

  it("of a screen has one spatial layer", () => {
    const { parameters } = chooseEncoding("screen", FREE, true);
    expect(parameters.scalabilityMode).toBe("L1T3");
  });

  it("asks VP8 and H.264 for temporal layers only", () => {
    for (const codec of ["vp8", "h264"] as const) {
      const { parameters } = chooseEncoding("camera", { ...FREE, codec }, true);
      expect(parameters.scalabilityMode).toBe("L1T3");
    }
  });

  it("obeys the address of the page", () => {
    const wish = { codec: "av1", scalabilityMode: "L3T3" } as const;
    const { codec, parameters } = chooseEncoding("camera", wish, true);
    expect([codec, parameters.scalabilityMode]).toEqual(["av1", "L3T3"]);
  });
});

describe("the order of codecs", () => {
  const codecs = [
    { mimeType: "video/VP8" },
    { mimeType: "video/rtx" },
    { mimeType: "video/VP9", sdpFmtpLine: "profile-id=2" },
    { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
    { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=0;tier=0" },
  ];

  it("begins with the main profile of the preferred one and loses none", () => {
    const ordered = preferCodec(codecs, "vp9");
    expect(ordered.map((codec) => codec.sdpFmtpLine ?? codec.mimeType)).toEqual([
      "profile-id=0",
      "profile-id=2",
      "video/VP8",
      "video/rtx",
      "level-idx=5;profile=0;tier=0",
    ]);
  });

  it("is untouched by a codec that the browser lacks", () => {
    expect(preferCodec(codecs, "h264")).toEqual(codecs);
  });
});

it("receives each forwarded codec in one configuration, and their retransmissions", () => {
  const h264 = (profile: string, mode: number) => ({
    mimeType: "video/H264",
    sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
  });
  const offered = [
    { mimeType: "video/VP8" },
    { mimeType: "video/rtx" },
    { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
    { mimeType: "video/VP9", sdpFmtpLine: "profile-id=2" },
    h264("42001f", 1),
    h264("42e01f", 1),
    h264("42e01f", 0),
    { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=0;tier=0" },
    { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=1;tier=0" },
    { mimeType: "video/ulpfec" },
  ];
  expect(forwardedCodecs(offered).map((codec) => offered.indexOf(codec))).toEqual([0, 1, 2, 5, 7]);
});

describe("in a sealed call", () => {
  it("only what can be sealed whole is offered", () => {
    const codec = (mimeType: string, sdpFmtpLine = "") => ({ mimeType, sdpFmtpLine });
    const known = [
      codec("video/H264", "profile-level-id=42e01f;packetization-mode=1"),
      codec("video/AV1"),
      codec("video/VP9", "profile-id=2"),
      codec("video/VP9", "profile-id=0"),
      codec("video/VP8"),
      codec("video/rtx"),
      codec("video/red"),
      codec("audio/PCMU"),
      codec("audio/red"),
      codec("audio/opus"),
    ];
    const offered = (readsDescriptors: boolean) =>
      sealableCodecs(known, readsDescriptors).map(({ mimeType }) => mimeType);
    expect(offered(false)).toEqual(["video/VP9", "video/VP8", "video/rtx", "audio/opus"]);
    expect(offered(true)).toEqual([
      "video/AV1",
      "video/VP9",
      "video/VP8",
      "video/rtx",
      "audio/opus",
    ]);
  });

  it.each([
    ["vp8", false, "vp8"],
    ["vp9", false, "vp9"],
    ["av1", false, null],
    ["av1", true, "av1"],
    ["h264", true, null],
    [null, true, null],
  ] as const)("an address that insists on %s, descriptors: %s, gets %s", (codec, reads, wished) => {
    expect(sealableWish({ codec, scalabilityMode: "L1T3" }, reads)).toEqual({
      codec: wished,
      scalabilityMode: "L1T3",
    });
  });
});
