#include "sim/registry.hpp"

#include "sim/error.hpp"

namespace edgefuse {

void refuse_unknown(std::string_view kind, std::string_view name, std::span<const std::string> known,
                    const Origin& origin) {
  const std::vector<std::string_view> views{known.begin(), known.end()};
  const auto near = nearest(name, views);
  std::string all;
  for (const auto& k : known)
    all += (all.empty() ? "" : ", ") + k;
  throw InputError{
      Mistake{.file = origin.file,
              .line = origin.line,
              .key = origin.key,
              .problem = "unknown " + std::string{kind} + " \"" + std::string{name} + "\"",
              .remedy = near.empty() ? "one of " + all : "did you mean \"" + std::string{near} + "\"? known: " + all}};
}

}  // namespace edgefuse
