"""The text of subtitle files -> cues, a module for each format; `ovsubs.subtitles.formats` knows them all."""
