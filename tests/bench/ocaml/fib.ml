(* Fibonacci numbers by their definition. *)
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)

let () = Bench.main (fun n _ -> string_of_int (fib n))
