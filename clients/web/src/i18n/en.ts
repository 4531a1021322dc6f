/** English. The other languages have exactly these entries. */

import { eyeEn } from "./eye.en";

export const en = {
  language: "English",

  // Joining
  tagline: "A calm place to talk.",
  yourName: "Your name",
  room: "Room",
  roomHint: "Letters, digits, - and _",
  joinButton: "Join",
  joining: "Joining…",
  copyLink: "Copy link",
  linkCopied: "The link is copied.",
  linkNotCopied: "The link could not be copied. It is in the address bar.",
  nameMissing: "Please enter your name.",
  roomInvalid: "A room's name has 1 to 64 letters, digits, hyphens or underscores.",
  preview: "Your picture",
  cameraOff: "Your camera is off",
  invited: "You are using an invitation.",

  // End-to-end encryption
  sealing: "End-to-end encryption",
  sealingForced: "This link asks for it.",
  secretHow: "With",
  secretOfGroup: "group keys (recommended)",
  secretInLink: "a secret in the link that you send",
  secretIsPassphrase: "a passphrase that everybody types",
  passphrase: "Passphrase",
  passphraseHint: "The same for everybody. Tell it to the others in another way.",
  passphraseMissing: "Please enter the passphrase.",
  makingKey: "Making the key…",
  linkDamaged: "The secret in this link is damaged. Ask for the whole link.",
  lockOff: "Server can read",
  lockOffText: "The server can read audio, video and chat. The way to it is encrypted.",
  lockShared: "Shared secret",
  lockSharedText: {
    group:
      "The server cannot read audio, video and chat. Keys belong to people, change whenever somebody comes or goes, and can be verified.",
    link: "The server cannot read audio, video and chat. Whoever has the link can.",
    passphrase:
      "The server cannot read audio, video and chat. Whoever has the link and the passphrase can.",
  },
  lockSharedMore: [
    "Nobody has checked who the others are: whoever has the secret can use any name.",
  ] as readonly string[],
  lockUnverified: "End-to-end, not verified",
  lockUnverifiedText: [
    "Only the people in this call can read audio, video and chat. The server cannot.",
    "That they are who they say they are, you have not checked yet: compare the code.",
  ] as readonly string[],
  lockVerified: "End-to-end, verified",
  lockVerifiedText: [
    "Only the people in this call can read audio, video and chat. The server cannot.",
    "You have compared the code with everybody here: nobody has slipped in between.",
  ] as readonly string[],
  lockAlarm: "Do not rely on this call",
  lockMore: "The server still sees who is here and when, and how much they send.",
  dangers: {
    split:
      "The server shows you another call than it shows to others. Who is really here, this page cannot tell. Leave, and warn the others in another way.",
    stalled:
      "The server holds back what changes in this call. Somebody who was removed may still be listening. If it does not pass soon, leave.",
    unadmitted:
      "Nobody lets you in: your link may be another one than theirs, or the server does not ask them.",
  },
  whatIsThat: "What does that mean?",
  code: "Call code",
  codeHow:
    "Read the digits to each other aloud, so that everybody is heard. If all have the same, nobody stands between you. If anybody has others, leave.",
  codeOfOne: "Nobody else is here yet. With the first one who joins, there is a code to compare.",
  codeBlocked: "First decide who is blocked: people whom you do not hear cannot compare.",
  codeMakes: "Computing the code…",
  theyMatch: "They match, for everybody",
  notVerifiedYet: (names: string) => `Not verified yet: ${names}`,
  peopleForgotten:
    "What this browser remembered of people was damaged, and is lost: everybody is new to it.",
  verdicts: {
    new: "met for the first time",
    known: "met before, not verified",
    verified: "verified",
    changed: "Another key than before.",
  },
  deviceCount: (count: string) => `${count} devices`,
  silent: "No sign of life.",
  notInRoom: "In the encrypted call, but the server does not show them in the room.",
  notInGroup: "In the room, but not in the encrypted call: sees and hears nothing.",
  unadmitted: "Nobody lets you into the encrypted call: your link may be another one.",
  changed: (name: string) => `${name} has another key than before. Nothing of theirs is played.`,
  decide: "Decide",
  changedTitle: (name: string) => `Is that really ${name}?`,
  changedText: [
    "Somebody else had this name, with another key. That happens with a new device or another browser, and it happens when somebody pretends.",
    "Until you accept it, nothing of theirs is played or shown. Ask them in another way first.",
    "If you accept it, they count as new: compare the code with them.",
  ] as readonly string[],
  acceptChange: "It is really them",
  notNow: "Not now",
  chatOfGroup: "Only those who are in the encrypted call can read this chat.",
  yourDevices: "Your devices",
  deviceWhy:
    "Others recognise you by a key that stays in this browser. With a further device you are the same person if your first device endorses it.",
  deviceNotKept:
    "This window keeps nothing: to others you are somebody new each time, as in a private window.",
  deviceIsFirst:
    "It can endorse others. Is another one your first? Then let that one endorse this.",
  deviceIsFurther: "This device is endorsed by your first one, and joins as the same person.",
  thisDevice: "Code of this device",
  otherDevice: "Code of your new device",
  endorse: "Endorse it",
  endorsementNew: "Endorsement, for your new device",
  endorseCare: "Whoever has that device joins as you. Endorse only what is in your hands.",
  notADeviceCode: "That is not the code of another device: it has 43 letters, digits, - and _.",
  endorsement: "Endorsement from your first device",
  useEndorsement: "Join as that person",
  notAnEndorsement: "That is not an endorsement of this device.",
  separate: "Be a person of my own again",
  fromNextCall: "That counts from your next call on.",
  copy: "Copy",
  copied: "Copied",
  anotherKey: "another key",
  otherKey: (name: string) => `${name} has another key. Nothing of theirs is played.`,
  copiedKey: (name: string) => `${name} shows somebody else's key. Nothing of theirs is played.`,
  nobodyHasYourKey: "Nobody here has your key: your link or passphrase is another one.",
  waitingForKeys: "Waiting for keys…",
  refusedFrames: (count: string) => `${count} refused`,
  delayed: "held back",
  frozen: (name: string) => `${name} is sending, but the server lets nothing of it through.`,
  soundFrozen: "sound missing",
  chatSealed: "Only those who have the secret can read this chat.",
  unopenedLine:
    "This message is not shown: it cannot be opened, or you have not accepted who wrote it.",
  otherMode: "The server treats this room in another way than you insist on. You have left it.",
  keysLost: "The keys of this call are lost in this browser. Join again.",
  roomIsSealed: "This room is encrypted end to end. Ask for the whole link, with the secret.",
  roomIsNotSealed: "This room is not encrypted end to end, and your link insists on it.",
  unsealable: {
    insecure: "End-to-end encryption needs HTTPS or localhost.",
    unsupported:
      "This browser cannot encrypt a call end to end. A current Chromium, Firefox or Safari can.",
  },

  seeing: eyeEn,

  // Recording
  rec: "REC",
  recorded: "This call is recorded.",
  recordedBy: (name: string) => `${name} records this call.`,
  recordedInClear: "The server records everybody here, and can read the recording.",
  recordedWithYou: "This call is recorded, and you can be seen and heard in it.",
  recordedWithoutYou: "This call is recorded, but nothing of you can be opened in it.",
  recordingStopped: "The recording is over.",
  askRecording: [
    "The server stores sealed audio and video that it cannot read.",
    "If you allow it, whoever has the recording's key can see and hear you in it from the beginning of your visit. You can change that later for what follows.",
  ] as readonly string[],
  recordingKey:
    "The recording's key, as the server announces it. Whoever records can tell you whether it is theirs:",
  allowRecording: "Allow",
  refuseRecording: "Do not allow",

  // Devices
  camera: "Camera",
  microphone: "Microphone",
  speaker: "Loudspeaker",
  standard: "Standard",
  noDevice: "None found",
  devices: "Devices",
  hideSpeech: "Hide when I speak",
  hideSpeechText:
    "Sends silence in packets as large as those of speech. It takes a little more data, and others do not see you marked as speaking.",
  cameraProblem: {
    insecure: "The camera needs HTTPS or localhost.",
    denied: "The camera is not allowed. Allow it in the address bar, then switch it on again.",
    missing: "No camera was found.",
    busy: "The camera is used by another program.",
    failed: "The camera could not be started.",
  },
  microphoneProblem: {
    insecure: "The microphone needs HTTPS or localhost.",
    denied: "The microphone is not allowed. Allow it in the address bar, then switch it on again.",
    missing: "No microphone was found.",
    busy: "The microphone is used by another program.",
    failed: "The microphone could not be started.",
  },
  screenProblem: "The screen could not be shared.",
  cameraUnplugged: "The camera was unplugged.",
  microphoneUnplugged: "The microphone was unplugged.",

  // Controls
  controls: "Controls",
  mute: "Mute",
  unmute: "Unmute",
  cameraTurnOff: "Camera off",
  cameraTurnOn: "Camera on",
  shareScreen: "Share screen",
  stopSharing: "Stop sharing",
  people: "People",
  chat: "Chat",
  help: "Keyboard",
  leave: "Leave",
  close: "Close",
  hearOthers: "Your browser holds the sound back.",
  hearOthersButton: "Turn sound on",
  mayOnlyWatch: "You are here to watch; publishing is not allowed with this invitation.",

  // Tiles
  you: "you",
  screenOf: (name: string) => `${name}: screen`,
  muted: "muted",
  away: "away",
  speaking: "speaking",
  pictureOf: (name: string) => `Picture size of ${name}`,
  auto: "Auto",
  base: "Base",
  sd: "SD",
  hd: "HD",
  off: "Off",
  pictureOff: "You switched this picture off.",
  cannotDecode: (codec: string) =>
    `This picture is encoded with ${codec}, which your browser cannot decode.`,
  enlarge: (name: string) => `Enlarge ${name}`,
  reduce: "Back to the grid",
  alone: "Nobody else is here yet. Send somebody the link.",
  bitrateChart: (kbps: string) => `Bitrate over the last minute, now ${kbps}`,

  // People and chat
  moderator: "moderator",
  askToMute: (name: string) => `Ask ${name} to mute`,
  remove: (name: string) => `Remove ${name}`,
  confirmRemove: (name: string) => `Remove ${name} from the call?`,
  removeButton: "Remove",
  cancel: "Cancel",
  chatReadable: "The server can read this chat.",
  chatEmpty: "No messages yet.",
  message: "Message",
  send: "Send",
  notSent: "The message was not sent: the connection is interrupted.",

  // Events
  joined: (name: string) => `${name} joined.`,
  left: (name: string) => `${name} left.`,
  timeout: (name: string) => `${name} lost the connection.`,
  wasRemoved: (name: string) => `${name} was removed.`,
  wasLockedOut: (name: string) => `${name} is in the encrypted call no more.`,
  sharing: (name: string) => `${name} shares a screen.`,
  said: (name: string, text: string) => `${name}: ${text}`,
  muteAsked: (name: string) => `${name} asks you to mute yourself.`,
  reconnecting: "Reconnecting…",
  mediaReconnecting: "Sound and picture are being restored…",
  mediaConnecting: "Connecting sound and picture…",

  // Endings
  youLeft: "You left the call.",
  removedByModerator: "A moderator removed you from the call.",
  serverDrained: "The server is shutting down. Try again in a moment.",
  serverFailed: "Something went wrong on the server, and it closed your connection.",
  replaced: "You joined again from somewhere else, and this page was replaced.",
  timedOut: "The connection was away for too long.",
  refused: (reason: string) => `The server did not let you in: ${reason}`,
  joinAgain: "Join again",

  // Keyboard
  keyMicrophone: "Microphone on or off",
  keyCamera: "Camera on or off",
  keyScreen: "Share the screen, or stop",
  keyChat: "Chat",
  keyPeople: "People",
  keyDevices: "Devices",
  keyHelp: "This overview",
  keyLeave: "Leave",

  /** Sentences for codes of the server; its own (English) sentence is shown for all others. */
  problems: {} as Readonly<Record<string, string>>,
};
