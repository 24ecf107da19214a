#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "llm/delta.hpp"
#include "llm/module_id.hpp"
#include "llm/variant.hpp"

namespace edgefuse::app {

/// The change that was written, as it came or cut to a rank, and ‖what was cut off‖_F.
struct Written {
  llm::ModuleDelta change;
  double lost = 0;
};

/// Where fused modules go, one by one. Nothing is left under the folder's names unless `finish` was called.
class FusedOutput {
 public:
  FusedOutput() = default;
  FusedOutput(const FusedOutput&) = delete;
  FusedOutput& operator=(const FusedOutput&) = delete;
  virtual ~FusedOutput() = default;

  /// Each module once.
  virtual Written take(llm::ModuleId id, const llm::ModuleDelta& change) = 0;
  virtual void finish() = 0;
};

/// A PEFT adapter. Every module is cut to `rank`; without one, a change that is low rank stays as it is and a matrix is
/// cut to its entry of `ranks`. Modules of smaller rank are padded with zeros to the largest, since a plain adapter has
/// one; alpha is that rank, so that the scale is 1.
[[nodiscard]] std::unique_ptr<FusedOutput> adapter_output(const std::filesystem::path& folder,
                                                          std::optional<std::int64_t> rank,
                                                          std::map<llm::ModuleId, std::int64_t> ranks);

/// `delta.safetensors`: each module's ΔW [out, in] in float32 under the module's name.
[[nodiscard]] std::unique_ptr<FusedOutput> dense_output(const std::filesystem::path& folder,
                                                        const std::map<llm::ModuleId, llm::MatrixShape>& shapes);

/// The base of the Hugging Face folder `base` plus the change, in the types the base is stored in, with the base's
/// config and tokenizer. Throws InputError when `base` lacks one of the modules, has it in another shape, or when a sum
/// is too large for its type.
[[nodiscard]] std::unique_ptr<FusedOutput> merged_output(const std::filesystem::path& folder,
                                                         const std::filesystem::path& base,
                                                         const std::map<llm::ModuleId, llm::MatrixShape>& shapes);

}  // namespace edgefuse::app
