#pragma once

#include <napi.h>

#include <string>

/** Loads a vision tower off the JavaScript thread. A promise of a NativeTower. */
Napi::Value open_tower(Napi::Env env, const std::string& path, const std::string& device, int threads);
