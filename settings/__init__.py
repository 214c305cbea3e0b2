"""Configuration: the environment and `plugins.toml`, read once at start; nothing here talks to anything."""

from settings.bad_setting import BadSetting
from settings.environment import Settings, load
from settings.gates import GateSettings
from settings.plugins_file import PluginEntry, PluginsFile, ProfileEntry, read_plugins_file

__all__ = [
    "BadSetting",
    "GateSettings",
    "PluginEntry",
    "PluginsFile",
    "ProfileEntry",
    "Settings",
    "load",
    "read_plugins_file",
]
