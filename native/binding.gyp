{
  # build.js passes: root (where the sources are, from this file), headers (unpacked llama.cpp headers),
  # bindings (node-llama-cpp's C++ headers), napi (node-addon-api), release, engine_version, sanitize (0 or 1).
  "variables": { "root%": ".", "sanitize%": 0 },
  "targets": [
    {
      "target_name": "llava_native",
      "sources": [
        "<(root)/addon.cc",
        "<(root)/addon_context.cc",
        "<(root)/attention_tile.cc",
        "<(root)/cache_attention.cc",
        "<(root)/compute_alone.cc",
        "<(root)/cpu_graph.cc",
        "<(root)/devices.cc",
        "<(root)/encode_worker.cc",
        "<(root)/evaluate_features.cc",
        "<(root)/evaluate_worker.cc",
        "<(root)/fill_tensor.cc",
        "<(root)/float_multiplication.cc",
        "<(root)/gguf_file.cc",
        "<(root)/gguf_values.cc",
        "<(root)/kernel_calls.cc",
        "<(root)/log_probabilities.cc",
        "<(root)/open_worker.cc",
        "<(root)/panel_device.cc",
        "<(root)/panel_matmul.cc",
        "<(root)/panel_multiplication.cc",
        "<(root)/quantised_panels.cc",
        "<(root)/quantised_tile.cc",
        "<(root)/rounded_rows.cc",
        "<(root)/symbols.cc",
        "<(root)/tower_object.cc",
        "<(root)/vision_graph.cc",
        "<(root)/vision_shape.cc",
        "<(root)/vision_tower.cc",
        "<(root)/vision_weights.cc",
      ],
      "defines": [
        "NAPI_VERSION=7",
        "NAPI_CPP_EXCEPTIONS",
        # A thread that is being terminated can take no exception any more.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        'LLAVA_RELEASE="<(release)"',
        'LLAVA_ENGINE_VERSION="<(engine_version)"',
      ],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        [
          "OS=='linux'",
          {
            # As system headers, so that -Werror holds for this folder alone.
            "cflags_cc": [
              "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
              "-isystem", "<(headers)", "-isystem", "<(bindings)", "-isystem", "<(napi)",
            ],
            "libraries": ["-ldl"],
          },
        ],
        [
          "OS=='mac'",
          {
            "xcode_settings": {
              "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
              "GCC_ENABLE_CPP_RTTI": "YES",
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "CLANG_CXX_LIBRARY": "libc++",
              "MACOSX_DEPLOYMENT_TARGET": "11.0",
              "OTHER_CPLUSPLUSFLAGS": [
                "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
                "-isystem", "<(headers)", "-isystem", "<(bindings)", "-isystem", "<(napi)",
              ],
            },
          },
        ],
        [
          "OS=='win'",
          {
            "include_dirs": ["<(headers)", "<(bindings)", "<(napi)"],
            "defines": ["_HAS_EXCEPTIONS=1", "NOMINMAX"],
            "msvs_settings": {
              "VCCLCompilerTool": {
                "ExceptionHandling": 1,
                "RuntimeTypeInfo": "true",
                "AdditionalOptions": ["/std:c++17", "/utf-8"],
              },
            },
            "libraries": ["psapi.lib"],
          },
        ],
        [
          "sanitize==1",
          {
            "cflags": ["-fsanitize=address", "-fno-omit-frame-pointer", "-g", "-O1"],
            "ldflags": ["-fsanitize=address"],
          },
        ],
      ],
    },
  ],
}
