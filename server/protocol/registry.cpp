#include <array>

#include <fmt/format.h>

#include "server/protocol/protocol.hpp"
#include "server/protocol/synchronous.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Protocol> (*make)(const ProtocolOptions&);
};

template <class P>
std::unique_ptr<Protocol> make(const ProtocolOptions& options) {
  return std::make_unique<P>(options);
}

constexpr std::array registry = {
    Entry{"synchronous", make<Synchronous>},
};

}  // namespace

std::vector<std::string_view> protocol_names() {
  std::vector<std::string_view> names;
  for (const auto& entry : registry) names.push_back(entry.name);
  return names;
}

std::unique_ptr<Protocol> make_protocol(std::string_view name, const ProtocolOptions& options) {
  for (const auto& entry : registry)
    if (entry.name == name) return entry.make(options);
  const auto names = protocol_names();
  const auto meant = nearest(name, names);
  throw InputError{{.key = "protocol.kind",
                    .problem = fmt::format("unknown protocol \"{}\"", name),
                    .remedy = fmt::format("did you mean \"{}\"?", meant.empty() ? names.front() : meant)}};
}

}  // namespace edgefuse::server
