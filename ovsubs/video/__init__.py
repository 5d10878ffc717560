"""A video and subtitles -> a new video: subtitles as tracks (`embed`), or drawn into the picture (`burn`)."""
