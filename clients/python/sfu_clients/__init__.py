"""WebRTC without a browser: publish into rooms of an SFU, and receive what others publish."""
