(* Ten times: how many ways there are to place n queens; those placed are a list, the newest first. *)
let rec is_safe (queen : int) distance = function
  | [] -> true
  | q :: rest ->
    q <> queen && q + distance <> queen && queen + distance <> q && is_safe queen (distance + 1) rest

let rec solutions n rows placed =
  let rec try_from queen count =
    if queen = n then count
    else if is_safe queen 1 placed then
      try_from (queen + 1) (count + solutions n (rows - 1) (queen :: placed))
    else try_from (queen + 1) count
  in
  if rows = 0 then 1 else try_from 0 0

let rec rounds times n total =
  if times = 0 then total else rounds (times - 1) n (total + solutions n n [])

let () = Bench.main (fun n _ -> string_of_int (rounds 10 n 0))
