"""Configuration: the environment and `plugins.toml`, read once at start; nothing here talks to anything."""

from settings.bad_setting import BadSetting
from settings.billing_settings import BillingSettings, Rating
from settings.environment import Settings, load
from settings.gates import GateSettings
from settings.plugins_file import PluginEntry, PluginsFile, ProfileEntry, read_plugins_file

__all__ = [
    "BadSetting",
    "BillingSettings",
    "GateSettings",
    "PluginEntry",
    "PluginsFile",
    "ProfileEntry",
    "Rating",
    "Settings",
    "load",
    "read_plugins_file",
]
