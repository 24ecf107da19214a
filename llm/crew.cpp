#include "llm/crew.hpp"

#include <exception>

#include <nlohmann/json.hpp>

#include "llm/side_by_side.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& failure) {
    return failure.what();
  } catch (...) {
    return "an unknown failure";
  }
}

json to_json(std::size_t task, const TaskResult& result) {
  const std::vector<std::uint8_t> bytes(result.bytes.begin(), result.bytes.end());
  return {task, json::binary(bytes), result.failed, json::binary({result.error.begin(), result.error.end()})};
}

std::string text_of(const json& binary) {
  const auto& bytes = binary.get_binary();
  return {bytes.begin(), bytes.end()};
}

/// What this process did, as it travels to the others.
std::string pack(const Crew& crew, const std::vector<TaskResult>& results) {
  json mine = json::array();
  for (const auto i : own_tasks(crew, results.size()))
    mine.push_back(to_json(i, results[i]));
  const auto bytes = json::to_cbor(mine);
  return {bytes.begin(), bytes.end()};
}

void unpack(const std::string& message, std::vector<TaskResult>& results) {
  for (const json& one : json::from_cbor(message))
    results.at(one[0].get<std::size_t>()) = {text_of(one[1]), text_of(one[3]), one[2].get<bool>()};
}

}  // namespace

std::vector<std::size_t> own_tasks(const Crew& crew, std::size_t count) {
  EDGEFUSE_EXPECTS(crew.size > 0 && crew.rank >= 0 && crew.rank < crew.size, "a place in the crew");
  std::vector<std::size_t> own;
  for (auto i = static_cast<std::size_t>(crew.rank); i < count; i += static_cast<std::size_t>(crew.size))
    own.push_back(i);
  return own;
}

std::vector<TaskResult> divide(const Crew& crew, std::size_t count,
                               const std::function<std::string(std::size_t)>& task) {
  std::vector<TaskResult> results(count);
  const auto own = own_tasks(crew, count);
  const auto errors =
      side_by_side(crew.workers, own.size(), [&](std::size_t i) { results[own[i]].bytes = task(own[i]); });
  for (std::size_t i = 0; i < own.size(); ++i)
    if (errors[i]) results[own[i]] = {{}, message_of(errors[i]), true};
  if (crew.size == 1) return results;
  for (const std::string& message : crew.gather(pack(crew, results)))
    unpack(message, results);
  return results;
}

}  // namespace edgefuse::llm
